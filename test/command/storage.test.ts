import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { environment, getJson, indexed, simulate } from '../support/daemon.ts'
import { launch, launchServer, servedAt, takenPort, temporaryFolder } from '../support/process.ts'
import { lastLedger, recordedIds } from '../support/recorded.ts'
import { loadRecording } from '../support/recordings.ts'

/** The daemon when its database cannot be written, or is damaged. */

const recording = await loadRecording('quirks')
const LAST = lastLedger(recording)

interface Ready {
  ready: boolean
  reasons: string[]
}

/** A daemon as a process that has indexed the first 20 ledgers. */
async function setUp(folder: string) {
  const simulator = await simulate(recording, { speed: 0, closed: 20 })
  const env = environment(recording, {
    rpcUrl: simulator.url,
    databasePath: join(folder, 'flowfi.db'),
  })
  const daemon = await launchServer(['start'], env)
  const { url } = daemon
  await indexed(url, simulator.latestLedger())
  const reasons = async () => ((await (await fetch(`${url}/ready`)).json()) as Ready).reasons
  return { simulator, env, daemon, url, reasons }
}

describe('P9: trouble that passes by itself does not end the daemon', () => {
  test('a full disk: reading goes on, /ready says why, and writing resumes when there is space', async (context) => {
    const folder = await temporaryFolder()
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder], { stdio: 'pipe' })
    } catch {
      context.skip('a small disk can only be mounted by root')
    }
    onTestFinished(() => void execFileSync('umount', ['-l', folder]))
    const { simulator, env, daemon, url, reasons } = await setUp(folder)
    const ballast = join(folder, 'ballast')
    await fillUp(ballast)
    simulator.closeNext(LAST)
    const full = expect.stringMatching(/the disk of the database .*flowfi\.db is full: free some/)
    await expect.poll(reasons).toContainEqual(full)
    expect((await fetch(`${url}/ready`)).status).toBe(503)
    expect(await getJson(`${url}/status`)).toMatchObject({ alarm: full })
    const { data } = await getJson<{ data: unknown[] }>(`${url}/events?limit=10`)
    expect(data).toHaveLength(10)

    // A restart would not help, so a daemon that starts on a full disk waits too.
    await daemon.stop()
    await fillUp(`${ballast}.more`)
    const second = launch(['start'], { ...env, LOG_LEVEL: 'info' })
    await second.wrote(/is full|cannot be used/)
    rmSync(ballast)
    rmSync(`${ballast}.more`)
    const again = await servedAt(second)
    await indexed(again, LAST)
    await expect
      .poll(() => getJson(`${again}/status`))
      .toMatchObject({
        alarm: null,
        gaps: [],
        counts: { events: recordedIds(recording).length },
      })
    second.kill('SIGTERM')
    expect(await second.ended).toMatchObject({ code: 0 })
  })

  test('another program locks the database: /ready says so, and writing resumes after it', async () => {
    const { simulator, env, daemon, url, reasons } = await setUp(await temporaryFolder())
    const other = new Database(env['DATABASE_PATH'])
    other.exec('begin immediate')
    simulator.closeNext(LAST)
    const locked = expect.stringMatching(/another program keeps the database .* locked: stop it/)
    await expect.poll(reasons).toContainEqual(locked)
    expect(await getJson(`${url}/health`)).toEqual({ status: 'ok' })
    other.close()
    await indexed(url, LAST)
    await expect.poll(reasons).toEqual([])
    await daemon.stop()
  })
})

test('start --fresh leaves the old file in place if the port is taken', async () => {
  const { env, daemon } = await setUp(await temporaryFolder())
  await daemon.stop()
  const before = readdirSync(dirname(env['DATABASE_PATH']!))
  const fresh = launch(['start', '--fresh'], { ...env, PORT: String(await takenPort()) })
  const { code, err } = await fresh.ended
  expect([code, err]).toEqual([2, expect.stringMatching(/port \d+ .* is taken by another program/)])
  expect(readdirSync(dirname(env['DATABASE_PATH']!))).toEqual(before)
})

describe('P9: trouble that does not pass ends the daemon', () => {
  test('a damaged file ends it with exit code 2 and says what to do', async () => {
    const { simulator, env, daemon } = await setUp(await temporaryFolder())
    await daemon.stop()
    damage(env['DATABASE_PATH']!)
    simulator.closeNext(LAST)
    const { code, err } = await launch(['start'], env).ended
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/the database .*flowfi\.db is damaged \(SQLITE_CORRUPT.*--fresh/),
    ])
  })

  test('a commit that fails for another reason ends it with exit code 1', async () => {
    const { simulator, env, daemon } = await setUp(await temporaryFolder())
    const other = new Database(env['DATABASE_PATH'])
    other.exec("create trigger broken before insert on events begin select raise(abort, 'no'); end")
    other.close()
    simulator.closeNext(LAST)
    const { code, err } = await daemon.ended
    expect([code, err]).toEqual([1, expect.stringMatching(/SqliteError: no\n +at /)])
  })
})

/** Fills the disk to the last byte. */
async function fillUp(path: string): Promise<void> {
  const file = await open(path, 'w')
  for (const size of [65_536, 4_096, 512, 1]) {
    const bytes = Buffer.alloc(size)
    for (;;) {
      try {
        await file.writeFile(bytes)
      } catch {
        break
      }
    }
  }
  await file.close()
}

/** Overwrites the first page of the event log. */
function damage(path: string): void {
  const sqlite = new Database(path)
  sqlite.pragma('wal_checkpoint(truncate)')
  const page = sqlite
    .prepare("select rootpage from sqlite_schema where name = 'events'")
    .pluck()
    .get() as number
  const size = sqlite.pragma('page_size', { simple: true }) as number
  sqlite.close()
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(size, 0xff), 0, size, (page - 1) * size)
  closeSync(file)
}
