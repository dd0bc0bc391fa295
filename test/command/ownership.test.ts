import { readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { environment, getJson, indexed, simulate } from '../support/daemon.ts'
import { launchServer, run, temporaryFolder } from '../support/process.ts'
import { lastLedger, recordedIds } from '../support/recorded.ts'
import { loadRecording } from '../support/recordings.ts'

/** One process at a time writes to a database file; any number can read it. */

const recording = await loadRecording('first-steps')
const LAST = lastLedger(recording)

async function setUp() {
  const simulator = await simulate(recording)
  const database = `${await temporaryFolder()}/flowfi.db`
  return { env: environment(recording, { rpcUrl: simulator.url, databasePath: database }) }
}

/** A daemon as a process that has indexed everything. */
async function startOwner(env: Record<string, string>) {
  const owner = await launchServer(['start'], env)
  await indexed(owner.url, LAST)
  return owner
}

describe('one process writes to a database file', () => {
  test('P2: a second writer is refused and told what to do, readers are not', async () => {
    const { env } = await setUp()
    const { url } = await startOwner(env)
    const refusals = await Promise.all(
      [['start', '--fresh'], ['sync'], ['rebuild']].map((args) => run(args, env)),
    )
    for (const { code, err } of refusals) {
      expect([code, err]).toEqual([
        2,
        expect.stringMatching(
          /another process is writing to the database .*: stop that process first, or set DATABASE_PATH/,
        ),
      ])
    }
    // --fresh has not renamed the file.
    const names = await readdir(dirname(env['DATABASE_PATH']!))
    expect(names.filter((name) => /\.db\.\d/.test(name))).toEqual([])
    const repair = await run(['audit', '--repair'], env)
    expect([repair.code, repair.err]).toEqual([
      2,
      expect.stringMatching(/a running indexer repairs drift by itself/),
    ])
    const readers = await Promise.all([run(['status'], env), run(['audit'], env)])
    expect(readers.map(({ code }) => code)).toEqual([0, 0])
    expect(await getJson(`${url}/status`)).toMatchObject({
      counts: { events: recordedIds(recording).length },
    })
  })

  test('P2: an owner that was killed leaves no lock', async () => {
    const { env } = await setUp()
    const owner = await startOwner(env)
    owner.kill('SIGKILL')
    await owner.ended
    expect(await run(['rebuild'], env)).toMatchObject({ code: 0 })
    const second = await startOwner(env)
    await second.stop()
  })
})
