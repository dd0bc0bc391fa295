import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import type { StreamJson } from '../../src/http/json.ts'
import { chainAt } from '../support/chain-records.ts'
import { environment, getJson, indexed, setUp, simulate, startIndexer } from '../support/daemon.ts'
import { subscribe } from '../support/feed/client.ts'
import { temporaryFolder } from '../support/process.ts'
import { loadRecording } from '../support/recordings.ts'
import { until } from '../support/until.ts'

/** The daemon compares its streams with the contract's storage: what a user sees of it. */

const quirks = await loadRecording('quirks')
const FIRST = quirks.header.firstLedger
const LAST = quirks.ledgers.at(-1)!.sequence

interface Audit {
  bootstrapped: boolean
  last: { counts: Record<string, number>; drift: { streamId: string }[] } | null
  driftTotal: number
  repairedTotal: number
}

interface Ready {
  ready: boolean
  reasons: string[]
  runway: { ledgers: number } | null
}

interface Status {
  alarm: string | null
  checkpoint: { ledger: number } | null
  endpoints: { lastError: string | null }[]
  gaps: { from: number; to: number; repaired: boolean }[]
}

async function streamsOf(url: string): Promise<Map<string, StreamJson>> {
  const { data } = await getJson<{ data: StreamJson[] }>(`${url}/streams?limit=200`)
  return new Map(data.map((stream) => [stream.streamId, stream]))
}

/** The records that the contract had stored by this ledger, as the API shows them. */
function recorded(ledger: number): Map<string, Partial<StreamJson>> {
  return new Map(
    chainAt(quirks, ledger).map(({ record, liveUntilLedger }) => [
      record.streamId.toString(),
      {
        sender: record.sender,
        depositedAmount: record.depositedAmount.toString(),
        withdrawnAmount: record.withdrawnAmount.toString(),
        isActive: record.isActive,
        isPaused: record.paused,
        liveUntilLedger,
      },
    ]),
  )
}

async function streamsEqualTheChain(url: string, ledger: number): Promise<void> {
  const streams = await streamsOf(url)
  const expected = recorded(ledger)
  expect([...streams.keys()].toSorted()).toEqual([...expected.keys()].toSorted())
  for (const [id, record] of expected) expect(streams.get(id)).toMatchObject(record)
}

const audited = (url: string, counts: Record<string, number>) =>
  expect
    .poll(() => getJson<Audit>(`${url}/audit`), { interval: 20 })
    .toMatchObject({ last: { counts } })

const readiness = async (url: string) => {
  const response = await fetch(`${url}/ready`)
  return { status: response.status, ...((await response.json()) as Ready) }
}

describe('a daemon that starts long after the contract', () => {
  test('P5: a log that begins late has every stream as on the chain, and when it will be archived', async () => {
    const { daemon } = await setUp(quirks, { env: { START_LEDGER: String(FIRST + 100) } })
    await indexed(daemon.url, LAST)
    const total = chainAt(quirks, LAST).length
    await audited(daemon.url, { ok: total, drift: 0 })
    await streamsEqualTheChain(daemon.url, LAST)
    const old = chainAt(quirks, FIRST + 99)[0]!.record.streamId.toString()
    expect((await streamsOf(daemon.url)).get(old)).toMatchObject({
      origin: 'chain',
      createdLedger: null,
    })
    expect(await getJson<Audit>(`${daemon.url}/audit`)).toMatchObject({
      intervalSeconds: 600,
      bootstrapped: true,
      driftTotal: 0,
      lastError: null,
    })
    const metrics = await (await fetch(`${daemon.url}/metrics`)).text()
    expect(metrics).toContain(`flowfi_audit_streams{class="ok"} ${total}`)
  })
})

describe('a daemon whose RPC no longer has what it missed', () => {
  test('P3: the gap is recorded and announced, streams are repaired, and /ready is 503 until then', async () => {
    const { daemon, simulator, env } = await setUp(quirks, {
      simulator: { speed: 0, closed: 60 },
      env: { AUDIT_INTERVAL_SECONDS: '0' },
    })
    const before = FIRST + 59
    await indexed(daemon.url, before)
    const { asOf } = await getJson<{ asOf: { cursor: string } }>(`${daemon.url}/streams`)
    await daemon.close()
    simulator.closeNext(60)
    simulator.forgetBefore(before + 41)

    const again = await startIndexer(env)
    const answers: Awaited<ReturnType<typeof readiness>>[] = []
    const ready = until(
      async () => answers[answers.push(await readiness(again.url)) - 1]!.status === 200,
    )
    const heard = subscribe(`${again.url}/events/subscribe?all=true&cursor=${asOf.cursor}`)
    const resets: unknown[] = []
    for await (const { event, data } of heard) {
      if (event === 'reset') resets.push(data['reason'])
      // One for the lost ledgers, one when the streams are repaired.
      if (resets.length === 2) break
    }
    expect(resets).toEqual(['gap', 'gap'])
    const { gaps } = await getJson<Status>(`${again.url}/status`)
    expect(gaps).toMatchObject([{ from: before + 1, to: before + 40, repaired: true }])
    await ready
    for (const { status, reasons } of answers.slice(0, -1)) {
      expect([status, reasons.length > 0]).toEqual([503, true])
    }
    expect(answers.at(-1)!.runway).toMatchObject({ ledgers: expect.any(Number) as number })
    const streams = await streamsOf(again.url)
    for (const [id, { liveUntilLedger: _, ...record }] of recorded(before + 60)) {
      expect(streams.get(id)).toMatchObject(record)
    }
  })
})

describe('two RPCs that must agree', () => {
  test('P3: while they disagree the checkpoint waits, /ready is 503, and /status shows both', async () => {
    const honest = await simulate(quirks)
    const ledgers = quirks.ledgers.map((ledger) =>
      ledger.sequence === FIRST + 90 ? { ...ledger, events: [] } : ledger,
    )
    const lying = await simulate({ ...quirks, ledgers })
    const database = join(await temporaryFolder(), 'indexer.db')
    const daemon = await startIndexer({
      ...environment(quirks, { rpcUrl: `${honest.url},${lying.url}`, databasePath: database }),
      RPC_AGREEMENT: '2',
    })
    await expect
      .poll(() => readiness(daemon.url))
      .toMatchObject({
        status: 503,
        reasons: expect.arrayContaining([
          expect.stringMatching(/^endpoints disagree /),
        ]) as string[],
      })
    const { alarm, checkpoint, endpoints } = await getJson<Status>(`${daemon.url}/status`)
    expect(checkpoint?.ledger ?? 0).toBeLessThan(FIRST + 90)
    for (const { url } of [honest, lying]) expect(alarm).toContain(`${url}/ has `)
    for (const { lastError } of endpoints) expect(lastError).toBe(alarm)
  })
})

describe('drift', () => {
  test('P5: drift is found, reported and repaired, and subscribers get a reset', async () => {
    const { daemon, env } = await setUp(quirks)
    await indexed(daemon.url, LAST)
    const total = chainAt(quirks, LAST).length
    await audited(daemon.url, { ok: total, drift: 0 })
    await daemon.close()
    // As after an event that could not be decoded.
    const sqlite = new Database(env['DATABASE_PATH'])
    sqlite.prepare(`update streams set withdrawn_amount = '1' where stream_id = '3'`).run()
    sqlite.close()

    const again = await startIndexer(env)
    const heard = subscribe(`${again.url}/events/subscribe?all=true`)
    for await (const { event, data } of heard) {
      if (event !== 'reset') continue
      expect(data).toMatchObject({ reason: 'gap' })
      break
    }
    await audited(again.url, { ok: total - 1, drift: 1 })
    expect(await getJson<Audit>(`${again.url}/audit`)).toMatchObject({
      last: {
        repaired: 1,
        drift: [{ streamId: '3', differences: [{ field: 'withdrawnAmount', ours: '1' }] }],
      },
      driftTotal: 1,
      repairedTotal: 1,
    })
    await streamsEqualTheChain(again.url, LAST)
    const metrics = await (await fetch(`${again.url}/metrics`)).text()
    expect(metrics).toMatch(/^flowfi_audit_drift_total 1$/m)
  })
})

test('an interval of 0 turns audits off', async () => {
  const { daemon } = await setUp(quirks, { env: { AUDIT_INTERVAL_SECONDS: '0' } })
  await indexed(daemon.url, LAST)
  await expect
    .poll(() => getJson<Audit>(`${daemon.url}/audit`))
    .toMatchObject({ intervalSeconds: 0, bootstrapped: true, last: null })
})
