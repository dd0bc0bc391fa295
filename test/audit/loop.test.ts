import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { SourceError } from '../../src/domain/errors.ts'
import { createAuditLoop } from '../../src/audit/loop.ts'
import type { AuditLoopDeps } from '../../src/audit/loop.ts'
import type { FaultScript } from '../../src/simulator/faults.ts'
import { byId, chainAt, recordsOf } from '../support/chain-records.ts'
import { counted, follow } from '../support/follow.ts'
import { loadRecording } from '../support/recordings.ts'
import { until } from '../support/until.ts'

const quirks = await loadRecording('quirks')
const FIRST = quirks.header.firstLedger
const LAST = quirks.ledgers.at(-1)!.sequence

type Followed = Awaited<ReturnType<typeof follow>>

/** Runs the loop until the test is over. */
function runLoop(
  { deps }: Followed,
  { trusted = () => true, ...options }: Partial<AuditLoopDeps> = {},
) {
  let polls = 0
  const lines: Record<string, unknown>[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) })
  const loop = createAuditLoop({
    ...deps,
    log,
    intervalSeconds: 600,
    trusted() {
      polls += 1
      return trusted()
    },
    pauseMs: 0,
    pollMs: 2,
    random: () => 0,
    ...options,
  })
  const stopping = new AbortController()
  const ended = loop.run(stopping.signal)
  ended.catch(() => {})
  const stop = () => {
    stopping.abort(new Error('over'))
    return ended
  }
  onTestFinished(() => stop().catch(() => {}))
  return {
    loop,
    lines,
    stop,
    ended,
    /** Waits until the loop has looked for work several times. */
    async severalPolls() {
      const enough = polls + 4
      await until(() => polls >= enough)
    },
  }
}

describe('P5: the audit in the background', () => {
  test('the loop reads streams from before the log, then audits', async () => {
    const followed = await follow({ startLedger: FIRST + 90, closed: 179 })
    const { store, catchUp } = followed
    let repairs = 0
    const { loop, lines, severalPolls } = runLoop(followed, { onRepaired: () => (repairs += 1) })
    // The log has not begun yet.
    await severalPolls()
    expect(loop.status()).toMatchObject({ bootstrapped: false, last: null })
    await catchUp()
    await until(() => loop.status().last !== null)
    expect(recordsOf(store)).toEqual(byId(chainAt(quirks, LAST)))
    expect(loop.status()).toMatchObject({
      bootstrapped: true,
      lastError: null,
      driftTotal: 0,
      last: { counts: { ok: 99, drift: 0, not_yet: 0, archived: 0 }, ledger: LAST, drift: [] },
    })
    expect(repairs).toBe(1)
    expect(lines.map(({ msg }) => msg)).toEqual([
      'streams from before the log read from the chain',
      'audited',
    ])
    for (const { record, liveUntilLedger } of chainAt(quirks, LAST)) {
      expect(store.streams.byId(`${record.streamId}`)).toMatchObject({ liveUntilLedger })
    }
  })

  test('each audit finds drift, reports it and repairs it', async () => {
    const followed = await follow({ closed: 179 })
    const { store, catchUp } = followed
    await catchUp()
    let clock = 0
    const { loop, lines, severalPolls } = runLoop(followed, {
      now: () => clock,
      intervalSeconds: 10,
    })
    await until(() => loop.status().last !== null)
    store.sqlite.exec("update streams set withdrawn_amount = '3' where stream_id in (7, 9)")
    const before = loop.status().last
    await severalPolls()
    expect(loop.status().last).toBe(before)
    clock = 10_000
    await until(() => loop.status().last !== before)
    expect(loop.status()).toMatchObject({
      driftTotal: 2,
      repairedTotal: 2,
      last: {
        counts: { ok: 97, drift: 2 },
        repaired: 2,
        drift: [
          { streamId: 7n, differences: [{ field: 'withdrawnAmount', ours: '3' }] },
          { streamId: 9n },
        ],
      },
    })
    expect(lines.filter(({ msg }) => msg === 'drift')).toMatchObject([
      { level: 40, streamId: '7' },
      { level: 40, streamId: '9' },
    ])
    expect(recordsOf(store)).toEqual(byId(chainAt(quirks, LAST)))
    clock = 20_000
    await until(() => loop.status().last?.counts.drift === 0)
    expect(loop.status().driftTotal).toBe(2)
  })

  test('a gap is repaired even if audits are off', async () => {
    const followed = await follow({ closed: 40 })
    const { node, store, catchUp } = followed
    await catchUp()
    const { loop } = runLoop(followed, { intervalSeconds: 0 })
    await until(() => loop.status().bootstrapped)
    node.closeNext(139)
    node.forgetBefore(FIRST + 90)
    await catchUp()
    await until(() => store.coverage.gaps().every(({ repaired }) => repaired))
    expect(store.coverage.gaps()).toHaveLength(1)
    expect(recordsOf(store)).toEqual(byId(chainAt(quirks, LAST)))
    expect(loop.status().last).toBeNull()
  })

  test('an audit waits for a log that is far behind the tip', async () => {
    const followed = await follow({ closed: 60 })
    const { store, catchUp } = followed
    await catchUp()
    store.sqlite.exec('update checkpoint set tip_ledger = tip_ledger + 21')
    let clock = 0
    const { loop, severalPolls } = runLoop(followed, { now: () => clock, intervalSeconds: 10 })
    await until(() => loop.status().bootstrapped)
    await severalPolls()
    expect(loop.status().last).toBeNull()
    clock = 10_000
    await until(() => loop.status().last !== null)
  })

  test('a source is not asked before it has proved that it serves the right chain', async () => {
    const followed = await follow({ closed: 60 })
    await followed.catchUp()
    const { counting, calls } = counted(followed.source)
    let trusted = false
    const { loop, severalPolls } = runLoop(followed, { source: counting, trusted: () => trusted })
    await severalPolls()
    expect(calls()).toBe(0)
    trusted = true
    await until(() => loop.status().last !== null)
  })

  test('active streams whose records will be archived within a week give a warning', async () => {
    const ledgers = quirks.ledgers.map((ledger) => ({
      ...ledger,
      entries: (ledger.entries ?? []).map((entry) => ({
        ...entry,
        liveUntilLedgerSeq: LAST + 120_000,
      })),
    }))
    const followed = await follow({ recording: { ...quirks, ledgers }, closed: 179 })
    await followed.catchUp()
    const { loop, lines } = runLoop(followed)
    await until(() => loop.status().last !== null)
    const active = chainAt(quirks, LAST).filter(({ record }) => record.isActive).length
    expect(loop.status().last).toMatchObject({ expiring: active })
    expect(lines.at(-1)).toMatchObject({ msg: 'audited', level: 40, expiring: active })
  })

  test('P9: an audit continues after calls that fail', async () => {
    const faults: FaultScript = [
      { when: { every: 2 }, method: 'getLedgerEntries', fault: { kind: '503' } },
    ]
    const followed = await follow({ closed: 179, simulator: { faults } })
    await followed.catchUp()
    const { loop, lines } = runLoop(followed)
    await until(() => loop.status().last !== null)
    expect(loop.status()).toMatchObject({ lastError: expect.stringContaining('busy') })
    expect(lines.map(({ msg }) => msg)).toEqual(['audited'])
  })

  test('a source without the contract is left alone and asked again later', async () => {
    const elsewhere = (await loadRecording('first-steps')).ledgers[0]?.entries ?? []
    const ledgers = quirks.ledgers.map((ledger, number) => ({
      ...ledger,
      entries: number === 0 ? elsewhere : [],
    }))
    const followed = await follow({ closed: 60 })
    await followed.catchUp()
    const stranger = await follow({ recording: { ...quirks, ledgers }, closed: 60 })
    const { counting, calls } = counted(stranger.source)
    const { loop, lines } = runLoop(followed, { source: counting, retryMs: 30 })
    await until(() => calls() >= 3)
    expect(loop.status()).toMatchObject({
      last: null,
      lastError: expect.stringContaining('refused'),
    })
    expect(lines.at(-1)).toMatchObject({ msg: 'audit failed', level: 40, delayMs: 30 })
  })

  test('P9: the loop ends with an error that is not a fault of the source, and at once when told to', async () => {
    const followed = await follow({ closed: 60 })
    await followed.catchUp()
    const { stop } = runLoop(followed)
    await stop()
    const { source } = followed
    const broken = { ...source, entries: () => Promise.reject(new TypeError('a bug')) }
    await expect(runLoop(followed, { source: broken }).ended).rejects.toThrow('a bug')
    const faulty = {
      ...source,
      entries: () => Promise.reject(new SourceError('busy', 'later', { retryAfterMs: 60_000 })),
    }
    const waiting = runLoop(followed, { source: faulty })
    await until(() => waiting.loop.status().lastError !== null)
    await waiting.stop()
  })
})
