import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { sync } from '../../src/command/sync.ts'
import { parseConfig } from '../../src/config/config.ts'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { EVERYTHING } from '../../src/domain/filter.ts'
import { openStoreForReading } from '../../src/store/store.ts'
import { environment, simulate } from '../support/daemon.ts'
import { launch, run, temporaryFolder } from '../support/process.ts'
import { fixture, lastLedger, recordedIds } from '../support/recorded.ts'
import { loadRecording } from '../support/recordings.ts'
import { until } from '../support/until.ts'

const recording = await loadRecording('quirks')
const FIRST = recording.header.firstLedger
const LAST = lastLedger(recording)
/** Nothing listens there. */
const NOWHERE = 'http://127.0.0.1:9'

async function database(): Promise<string> {
  return `${await temporaryFolder()}/indexer.db`
}

/** A terminal that a person is watching. */
function screen() {
  const err = Object.assign(new PassThrough(), { isTTY: true, columns: 120 })
  const out = new PassThrough()
  const shown = (stream: PassThrough) => String(stream.read() ?? '')
  return { terminal: { out, err, interactive: true }, out: () => shown(out), err: () => shown(err) }
}

async function watched(env: Record<string, string>, options: { from?: number } = {}) {
  const { terminal, out, err } = screen()
  const { signal } = new AbortController()
  const invocation = { config: parseConfig(env), terminal, version: '0.0.0', signal }
  const code = await sync(invocation, { timeout: 60, ...options })
  return { code, out: out(), err: err() }
}

describe('sync', () => {
  test('sync without progress gives up, with exit code 1 and the reason', async () => {
    const { code, err } = await run(
      ['sync', '--timeout', '1'],
      environment(recording, { rpcUrl: NOWHERE, databasePath: await database() }),
    )
    expect(code).toBe(1)
    expect(err).toMatch(/no progress for 1 s\. The last error was: unreachable.*Check RPC_URL/)
  })

  test('a fill without progress gives up, and says what it has done', async () => {
    const path = await database()
    const simulator = await simulate(recording)
    const env = environment(recording, { rpcUrl: simulator.url, databasePath: path })
    await run(['sync'], { ...env, START_LEDGER: String(LAST - 20) })
    // The node fails once the log has caught up.
    const broken = await simulate(recording, {
      faults: [{ when: { call: 2 }, times: 1_000_000, fault: { kind: '503' } }],
    })
    const { code, out, err } = await run(['sync', '--from', String(FIRST), '--timeout', '4'], {
      ...env,
      RPC_URL: broken.url,
    })
    expect([code, err]).toEqual([1, expect.stringMatching(/no progress for 4 s/)])
    expect(out).toMatch(/^caught up at ledger \d+.*\n.*\nstopped before everything was filled/)
  })

  test('P3: a fill that is killed leaves no hole, and the next one continues it', async () => {
    const month = await loadRecording('month')
    const end = lastLedger(month)
    const path = await database()
    const env = environment(month, { rpcUrl: `file://${fixture('month')}`, databasePath: path })
    await run(['sync'], { ...env, START_LEDGER: String(end - 1_000) })
    const reader = openStoreForReading(path)
    const began = reader.coverage.floor()!
    const from = String(month.header.firstLedger)
    const filling = launch(['sync', '--from', from], env)
    await until(() => reader.coverage.floor()! < began)
    filling.kill('SIGKILL')
    await filling.ended
    const [covered, ...others] = reader.coverage.intervals()
    expect(others).toEqual([])
    const stored = () => reader.log.page({ filter: EVERYTHING, limit: 100_000 }).entries
    const expected = recordedIds(month).filter((id) => id > endOfLedger(covered!.from - 1))
    expect(stored().map(({ id }) => id)).toEqual(expected)
    expect((await run(['sync', '--from', from], env)).code).toBe(0)
    expect(stored().map(({ id }) => id)).toEqual(recordedIds(month))
    reader.close()
  })

  test('an invalid --timeout is refused with what is expected', async () => {
    const { code, err } = await run(['sync', '--timeout', 'soon'], {})
    expect(code).toBe(2)
    expect(err).toMatch(/--timeout.*whole number/)
  })

  test('a terminal shows a bar during catching up, and another during a fill', async () => {
    const env = environment(recording, {
      rpcUrl: `file://${fixture('quirks')}`,
      databasePath: await database(),
    })
    const first = await watched({ ...env, START_LEDGER: String(LAST - 20) })
    expect(first).toMatchObject({ code: 0, out: expect.stringMatching(/^caught up/) })
    expect(first.err).toMatch(new RegExp(`100%.* ledger ${LAST} of ${LAST}`))
    const second = await watched(env, { from: FIRST })
    expect(second.out).toMatch(new RegExp(`filled ledgers ${FIRST}–${LAST - 21}: \\d+ new events`))
    expect(second.err).toMatch(new RegExp(`100%.*filling, at ledger ${FIRST}  0 left`))
    const store = openStoreForReading(env['DATABASE_PATH']!)
    expect(store.coverage.intervals()).toEqual([{ from: FIRST, to: LAST }])
    expect([...store.log.counts().values()].reduce((a, b) => a + b)).toBe(
      recordedIds(recording).length,
    )
    store.close()
  })
})
