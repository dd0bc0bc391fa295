import { readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { environment, getJson, indexed, simulate } from '../support/daemon.ts'
import { launch, run, temporaryFolder } from '../support/process.ts'
import { lastLedger, recordedIds } from '../support/recorded.ts'
import { loadRecording } from '../support/recordings.ts'

/** One process at a time writes to a database file; any number read it. */

const recording = await loadRecording('first-steps')
const LAST = lastLedger(recording)
const TIMEOUT_MS = 60_000

async function setUp() {
  const simulator = await simulate(recording)
  const database = `${await temporaryFolder()}/flowfi.db`
  return { env: environment(recording, simulator.url, database) }
}

/** A daemon in a process of its own, which has indexed everything. */
async function startOwner(env: Record<string, string>) {
  const program = launch(['start'], { ...env, LOG_LEVEL: 'info' })
  const [, url = ''] = await program.wrote(/"url":"(http:\/\/127[^"]+)".*"msg":"started"/)
  await indexed(url, LAST)
  return { program, url }
}

describe('P2: one process writes to a database file', () => {
  test(
    'a second writer is refused and told what to do; readers are not',
    async () => {
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
      // Nothing was moved away.
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
    },
    TIMEOUT_MS,
  )

  test(
    'an owner that was killed leaves no lock',
    async () => {
      const { env } = await setUp()
      const { program } = await startOwner(env)
      program.kill('SIGKILL')
      await program.ended
      expect(await run(['rebuild'], env)).toMatchObject({ code: 0 })
      const { program: second } = await startOwner(env)
      second.kill('SIGTERM')
      expect(await second.ended).toMatchObject({ code: 0 })
    },
    TIMEOUT_MS,
  )
})
