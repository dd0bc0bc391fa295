import { describe, expect, test } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import type { ContractEvent, RawEvent } from '../../src/domain/event.ts'
import { auditStreams } from '../../src/audit/compare.ts'
import { bootstrap } from '../../src/audit/bootstrap.ts'
import { repair, repairGaps } from '../../src/audit/repair.ts'
import { createWritableStore } from '../../src/store/store.ts'
import { byId, chainAt, recordsOf, rows } from '../support/chain-records.ts'
import { counted, follow } from '../support/follow.ts'
import { until } from '../support/until.ts'
import {
  dump,
  scannedLedger,
  loadRecording,
  memoryStore,
  rawEvents,
  RECORDINGS,
} from '../support/recordings.ts'
import type { RecordingName } from '../support/recordings.ts'

const quirks = await loadRecording('quirks')
const FIRST = quirks.header.firstLedger
const LAST = quirks.ledgers.at(-1)!.sequence
const never = new AbortController().signal
const decode = createDecoder()

describe('P5: a log that begins long after the contract', () => {
  test.each(
    (Object.keys(RECORDINGS) as RecordingName[]).flatMap((name) =>
      (name === 'busy' ? [0.8] : [0.3, 0.8]).map((share) => [name, share] as const),
    ),
  )(
    'after a bootstrap of %s, begun at %d of it, every stream is right at every later ledger',
    async (name, share) => {
      const recording = await loadRecording(name)
      const { ledgers, header } = recording
      const begin = Math.floor(ledgers.length * share)
      const start = ledgers[begin]!.sequence
      const readAt = ledgers[Math.floor(ledgers.length * (share + 0.1))]!.sequence
      const { node, store, deps, catchUp } = await follow({
        recording,
        startLedger: start,
        closed: readAt - header.firstLedger + 1,
      })
      // When the chain is read, the log has begun but is still behind.
      store.writer.apply(scannedLedger(recording, ledgers[begin]!))
      expect(await bootstrap(deps, never)).toBeGreaterThan(0)
      await catchUp()
      expect(recordsOf(store)).toEqual(byId(chainAt(recording, readAt)))
      for (const { sequence } of ledgers
        .filter((each) => each.sequence > readAt)
        .slice(0, name === 'busy' ? 2 : 6)) {
        node.closeNext(sequence - node.latestLedger())
        await catchUp()
        expect(recordsOf(store)).toEqual(byId(chainAt(recording, sequence)))
      }
      node.closeNext(ledgers.at(-1)!.sequence)
      await catchUp()
      expect(recordsOf(store)).toEqual(byId(chainAt(recording, ledgers.at(-1)!.sequence)))
      for (const { createdLedger, origin, liveUntilLedger } of rows(store)) {
        expect(origin).toBe(createdLedger === null ? 'chain' : 'events')
        if (origin === 'events') expect(createdLedger).toBeGreaterThanOrEqual(start)
        else expect(liveUntilLedger === null || liveUntilLedger > readAt).toBe(true)
      }
    },
  )

  test('a second bootstrap, or one of a complete log, is one call and changes nothing', async () => {
    const { store, source, deps, catchUp } = await follow({ startLedger: FIRST + 90, closed: 179 })
    await catchUp()
    expect(await bootstrap(deps, never)).toBeGreaterThan(40)
    const before = dump(store)
    const { counting, calls } = counted(source)
    expect(await bootstrap({ ...deps, source: counting }, never)).toBe(0)
    expect(calls()).toBe(1)
    expect(dump(store)).toEqual(before)

    const whole = await follow({ closed: 179 })
    await whole.catchUp()
    expect(await bootstrap(whole.deps, never)).toBe(0)
    expect(rows(whole.store).every(({ origin }) => origin === 'events')).toBe(true)
  })

  test('a bootstrap from a source that is behind the log’s beginning stores nothing', async () => {
    const { store, deps } = await follow({ closed: 60 })
    store.writer.apply(scannedLedger(quirks, quirks.ledgers[100]!))
    const before = dump(store)
    await expect(bootstrap(deps, never)).rejects.toMatchObject({ fault: 'behind' })
    expect(dump(store)).toEqual(before)
  })
})

describe('P3, P5: repairing a gap', () => {
  test('a gap is repaired from the chain and stays listed', async () => {
    const { node, store, deps, catchUp } = await follow({ closed: 40 })
    await catchUp()
    node.closeNext(60)
    node.forgetBefore(FIRST + 90)
    await catchUp()
    const lost = { from: FIRST + 40, to: FIRST + 89, reason: 'retention' }
    expect(store.coverage.gaps()).toMatchObject([{ ...lost, repaired: false }])
    expect(recordsOf(store)).not.toEqual(byId(chainAt(quirks, FIRST + 99)))
    expect(await repairGaps(deps, never)).toBeGreaterThan(10)
    expect(store.coverage.gaps()).toMatchObject([{ ...lost, repaired: true }])
    for (let ledger = FIRST + 99; ledger <= LAST; ledger = node.closeNext(8)) {
      await catchUp()
      expect(recordsOf(store)).toEqual(byId(chainAt(quirks, ledger)))
      if (ledger === LAST) break
    }
    expect(store.writer.rebuild()).toMatchObject({ rewritten: 0, streamsChanged: 0 })
  })

  test('a gap counts as repaired when the log reaches the ledger of the newest record', async () => {
    const { node, store, deps, catchUp } = await follow({ closed: 179 })
    for (const each of quirks.ledgers.slice(0, 40)) {
      store.writer.apply(scannedLedger(quirks, each))
    }
    const gap = { from: FIRST + 40, to: FIRST + 89, reason: 'retention', declaredAt: 1 }
    store.writer.declareGap(gap)
    node.forgetBefore(FIRST + 90)
    const repairing = repairGaps(deps, never)
    await expect.poll(() => store.records.isWaiting(99n), { interval: 5 }).toBe(true)
    expect(store.coverage.gaps()).toMatchObject([{ repaired: false }])
    await catchUp()
    await repairing
    expect(store.coverage.gaps()).toMatchObject([{ repaired: true }])
    expect(recordsOf(store)).toEqual(byId(chainAt(quirks, LAST)))
  })

  test('a source that is before the end of a gap does not repair it', async () => {
    const { node, store, source, deps, catchUp } = await follow({ closed: 179 })
    for (const each of quirks.ledgers.slice(0, 40)) {
      store.writer.apply(scannedLedger(quirks, each))
    }
    const gap = { from: FIRST + 40, to: FIRST + 89, reason: 'retention', declaredAt: 1 }
    store.writer.declareGap(gap)
    node.forgetBefore(FIRST + 90)
    await catchUp()
    node.holdBack(100)
    const { counting, calls } = counted(source)
    const repairing = repairGaps({ ...deps, source: counting }, never)
    // Several times over all streams.
    await until(() => calls() > 10)
    expect(store.coverage.gaps()).toMatchObject([{ repaired: false }])
    node.holdBack(0)
    await repairing
    expect(store.coverage.gaps()).toMatchObject([{ repaired: true }])
    expect(recordsOf(store)).toEqual(byId(chainAt(quirks, LAST)))
  })

  test('a gap does not count as repaired while a record cannot be read', async () => {
    const ledgers = quirks.ledgers.map((each) => ({
      ...each,
      entries: (each.entries ?? []).map((entry, _, [some]) => ({ ...entry, xdr: some!.xdr })),
    }))
    const { node, store, deps, catchUp } = await follow({
      recording: { ...quirks, ledgers },
      closed: 40,
    })
    await catchUp()
    node.closeNext(60)
    node.forgetBefore(FIRST + 90)
    await catchUp()
    await expect(repairGaps(deps, never)).rejects.toMatchObject({ fault: 'refused' })
    expect(store.coverage.gaps()).toMatchObject([{ repaired: false }])
  })

  test('a log without gaps makes no call', async () => {
    const { source, deps, catchUp } = await follow({ closed: 20 })
    await catchUp()
    const { counting, calls } = counted(source)
    expect(await repairGaps({ ...deps, source: counting }, never)).toBe(0)
    expect(calls()).toBe(0)
  })
})

describe('P4, P5: events that a contract upgrade made unreadable', () => {
  /** Events that the old decoder does not understand. */
  const upgraded = new Set(
    quirks.ledgers
      .flatMap((ledger) => rawEvents(quirks, ledger))
      .filter((raw) => /top|withdraw|paus/.test(decode(raw).type))
      .filter((_, index) => index % 9 === 4)
      .map(({ id }) => id),
  )
  const oldDecoder = (raw: RawEvent): ContractEvent => {
    if (!upgraded.has(raw.id)) return decode(raw)
    const { id, contractId, ledger, timestamp, transactionHash, topics, value } = raw
    const head = { id, contractId, ledger, timestamp, transactionHash, topics, value }
    return { ...head, type: 'unrecognised', reason: 'unknown event "stream_split"' }
  }

  test('drift after unreadable events is repaired from the chain, and a newer decoder recovers the events', async () => {
    const { store, deps, catchUp } = await follow({ closed: 179, decode: oldDecoder })
    await catchUp()
    expect(store.log.counts().get('unrecognised')).toBe(upgraded.size)
    let drifted = 0
    for await (const some of auditStreams(deps, 'all', never)) {
      const bad = some.filter((row) => row.class === 'drift')
      drifted += bad.length
      expect(await repair(store, some)).toBe(bad.length)
    }
    expect(drifted).toBeGreaterThan(10)
    expect(recordsOf(store)).toEqual(byId(chainAt(quirks, LAST)))
    expect(rows(store).filter(({ origin }) => origin === 'chain')).toHaveLength(drifted)
    for await (const some of auditStreams(deps, 'all', never)) {
      expect(new Set(some.map((row) => row.class))).toEqual(new Set(['ok']))
    }

    const done = createWritableStore(store.sqlite, decode).writer.rebuild()
    expect(done).toMatchObject({ recognised: upgraded.size, unrecognised: 0 })
    const whole = memoryStore()
    for (const each of quirks.ledgers) whole.writer.apply(scannedLedger(quirks, each))
    expect(dump(store)['events']).toEqual(dump(whole)['events'])
    const known = rows(store).map((stream) => ({ ...stream, liveUntilLedger: null }))
    expect(known).toEqual(rows(whole))
  })
})
