import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { environment, getJson, indexed, simulate } from '../support/daemon.ts'
import { launch, temporaryFolder } from '../support/process.ts'
import { lastLedger, recordedIds } from '../support/recorded.ts'
import { loadRecording } from '../support/recordings.ts'

/** What the daemon does when its database cannot be written, or is not what it was. */

const recording = await loadRecording('quirks')
const LAST = lastLedger(recording)
const TIMEOUT_MS = 120_000
const PATIENCE = { timeout: 60_000, interval: 50 }

interface Ready {
  ready: boolean
  reasons: string[]
}

/** A daemon in a process of its own that has indexed the first 20 ledgers. */
async function setUp(folder: string) {
  const simulator = await simulate(recording, { speed: 0, closed: 20 })
  const env: Record<string, string> = {
    ...environment(recording, simulator.url, join(folder, 'flowfi.db')),
    LOG_LEVEL: 'info',
  }
  const daemon = launch(['start'], env)
  const [, url = ''] = await daemon.wrote(/"url":"(http:\/\/127[^"]+)".*"msg":"started"/)
  await indexed(url, simulator.latestLedger())
  const reasons = async () => ((await (await fetch(`${url}/ready`)).json()) as Ready).reasons
  return { simulator, env, daemon, url, reasons }
}

async function ends(daemon: { kill(signal: NodeJS.Signals): void; ended: Promise<object> }) {
  daemon.kill('SIGTERM')
  expect(await daemon.ended).toMatchObject({ code: 0 })
}

describe('P9: what passes by itself does not end the daemon', () => {
  test(
    'a full disk: reading goes on, /ready says why, and writing resumes when there is space',
    async (context) => {
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
      await expect.poll(reasons, PATIENCE).toContainEqual(full)
      expect((await fetch(`${url}/ready`)).status).toBe(503)
      expect(await getJson(`${url}/status`)).toMatchObject({ alarm: full })
      const { data } = await getJson<{ data: unknown[] }>(`${url}/events?limit=10`)
      expect(data).toHaveLength(10)

      // A restart does not help, so it is no end either.
      await ends(daemon)
      await fillUp(`${ballast}.more`)
      const second = launch(['start'], env)
      await second.wrote(/is full|cannot be used/)
      rmSync(ballast)
      rmSync(`${ballast}.more`)
      const [, again = ''] = await second.wrote(/"url":"(http:\/\/127[^"]+)".*"msg":"started"/)
      await indexed(again, LAST)
      await expect
        .poll(() => getJson(`${again}/status`), PATIENCE)
        .toMatchObject({
          alarm: null,
          gaps: [],
          counts: { events: recordedIds(recording).length },
        })
      await ends(second)
    },
    TIMEOUT_MS,
  )

  test(
    'a lock that another program keeps longer than a statement waits',
    async () => {
      const { simulator, env, daemon, url, reasons } = await setUp(await temporaryFolder())
      const other = new Database(env['DATABASE_PATH'])
      other.exec('begin immediate')
      simulator.closeNext(LAST)
      const locked = expect.stringMatching(/another program keeps the database .* locked: stop it/)
      await expect.poll(reasons, PATIENCE).toContainEqual(locked)
      expect(await getJson(`${url}/health`)).toEqual({ status: 'ok' })
      other.close()
      await indexed(url, LAST)
      await expect.poll(reasons, PATIENCE).toEqual([])
      await ends(daemon)
    },
    TIMEOUT_MS,
  )
})

async function portIsTaken() {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  onTestFinished(() => void taken.close())
  return String((taken.address() as AddressInfo).port)
}

test('start --fresh that cannot have its port leaves the old file where it is', async () => {
  const { env, daemon } = await setUp(await temporaryFolder())
  await ends(daemon)
  const before = readdirSync(dirname(env['DATABASE_PATH']!))
  const fresh = launch(['start', '--fresh'], { ...env, PORT: await portIsTaken() })
  const { code, err } = await fresh.ended
  expect([code, err]).toEqual([2, expect.stringMatching(/port \d+ .* is used by another program/)])
  expect(readdirSync(dirname(env['DATABASE_PATH']!))).toEqual(before)
}, 60_000)

describe('P9: what does not pass ends the daemon', () => {
  test(
    'a damaged file, with what to do about it and the exit code of a wrong configuration',
    async () => {
      const { simulator, env, daemon } = await setUp(await temporaryFolder())
      await ends(daemon)
      damage(env['DATABASE_PATH']!)
      simulator.closeNext(LAST)
      const { code, err } = await launch(['start'], env).ended
      expect([code, err]).toEqual([
        2,
        expect.stringMatching(/the database .*flowfi\.db is damaged \(SQLITE_CORRUPT.*--fresh/),
      ])
    },
    TIMEOUT_MS,
  )

  test(
    'a commit that fails for no such reason, in the indexing thread',
    async () => {
      const { simulator, env, daemon } = await setUp(await temporaryFolder())
      const other = new Database(env['DATABASE_PATH'])
      other.exec(
        "create trigger broken before insert on events begin select raise(abort, 'no'); end",
      )
      other.close()
      simulator.closeNext(LAST)
      const { code, err } = await daemon.ended
      expect([code, err]).toEqual([1, expect.stringMatching(/SqliteError: no\n +at /)])
    },
    TIMEOUT_MS,
  )
})

/** Takes all the space there is, to the last byte. */
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
