import { fc, test as property } from '@fast-check/vitest'
import { nativeToScVal, xdr } from '@stellar/stellar-sdk/base'
import { afterEach, describe, expect, test } from 'vitest'
import { createEntryKeys } from '../../src/source/entry-keys.ts'
import { completeThrough } from '../../src/domain/cursor.ts'
import { auditStreams } from '../../src/audit/compare.ts'
import type { AuditRow } from '../../src/audit/judge.ts'
import { createRpcSource } from '../../src/source/rpc/rpc.ts'
import type { Recording, WireEntry } from '../../src/simulator/recording.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import type { Simulator } from '../../src/simulator/simulator.ts'
import type { LedgerSource } from '../../src/source/source.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import {
  decoded,
  scannedLedger,
  loadRecording,
  memoryStore,
  rawEvents,
  RECORDINGS,
} from '../support/recordings.ts'
import type { RecordingName, TestStore } from '../support/recordings.ts'

const quirks = await loadRecording('quirks')
const { contractId, firstLedger: FIRST } = quirks.header
const LAST = quirks.ledgers.at(-1)!.sequence
const keys = createEntryKeys(contractId)
const never = new AbortController().signal

const running: Simulator[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()))
})

/** A simulated RPC that has closed the recording's ledgers up to `latest`. */
async function nodeOf(recording: Recording, latest: number) {
  const { firstLedger, contractId: id } = recording.header
  const closed = latest - firstLedger + 1
  const node = await createSimulator({ recording, speed: 0, closed, retentionWindow: 1_000_000 })
  running.push(node)
  return {
    node,
    source: createRpcSource({ url: node.url, contractId: id, timeoutMs: PATIENCE_MS }),
  }
}

function indexed(recording: Recording, through = Number.POSITIVE_INFINITY): TestStore {
  const store = memoryStore()
  for (const ledger of recording.ledgers) {
    if (ledger.sequence <= through) store.writer.apply(scannedLedger(recording, ledger))
  }
  return store
}

/** The log of `quirks`, cut after `count` events. */
function indexedEvents(count: number): TestStore {
  const events = quirks.ledgers.flatMap((ledger) => rawEvents(quirks, ledger)).slice(0, count)
  const store = memoryStore()
  const cursor = events.at(-1)!.id
  const point = { ledger: completeThrough(cursor) + 1, closedAt: 1 }
  const page = { cursor, scannedFrom: FIRST, closedAt: 1, tip: point }
  store.writer.apply({ events: decoded(events), ...page })
  return store
}

async function audited(
  source: LedgerSource,
  store: TestStore,
  { which = 'all', id = contractId }: { which?: readonly bigint[] | 'all'; id?: string } = {},
): Promise<AuditRow[]> {
  const rows: AuditRow[] = []
  for await (const some of auditStreams({ source, store, contractId: id }, which, never)) {
    rows.push(...some)
  }
  return rows
}

function classes(rows: readonly AuditRow[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const row of rows) counts[row.class] = (counts[row.class] ?? 0) + 1
  return counts
}

/** The recording with the contract's entries changed. */
function withEntries(
  recording: Recording,
  change: (entry: WireEntry) => WireEntry | undefined,
): Recording {
  const ledgers = recording.ledgers.map(({ entries = [], ...ledger }) => ({
    ...ledger,
    entries: entries.flatMap((entry) => change(entry) ?? []),
  }))
  return { ...recording, ledgers }
}

describe('P5: an audit', () => {
  test.each(Object.keys(RECORDINGS) as RecordingName[])(
    'an audit finds no difference in %s',
    async (name) => {
      const recording = await loadRecording(name)
      const { source } = await nodeOf(recording, recording.ledgers.at(-1)!.sequence)
      const store = indexed(recording)
      const rows = await audited(source, store, { id: recording.header.contractId })
      expect(classes(rows)).toEqual({ ok: store.streams.count() })
      expect(new Set(rows.map(({ streamId }) => streamId)).size).toBe(store.streams.count())
    },
  )

  property.prop([fc.integer({ min: 1, max: 504 }), fc.integer({ min: FIRST + 2, max: LAST })], {
    numRuns: 10,
  })(
    'an audit never finds drift in a correct log, at any position of log and source',
    async (events, latest) => {
      const { source } = await nodeOf(quirks, latest)
      const rows = await audited(source, indexedEvents(events))
      expect(Object.keys(classes(rows))).not.toContain('drift')
    },
  )

  property.prop([fc.integer({ min: FIRST + 2, max: LAST })], { numRuns: 5 })(
    'every stream is compared if the log and the source are at the same ledger',
    async (latest) => {
      const { source } = await nodeOf(quirks, latest)
      const store = indexed(quirks, latest)
      expect(classes(await audited(source, store))).toEqual({ ok: store.streams.count() })
    },
  )

  test('an audit waits for the log if a record is newer, and for the source if a row is newer', async () => {
    const { node, source } = await nodeOf(quirks, LAST)
    const behind = await audited(source, indexed(quirks, LAST - 60))
    expect(new Set(behind.map(({ waitsFor }) => waitsFor))).toEqual(new Set([undefined, 'log']))
    expect(classes(behind)).toEqual({ ok: expect.any(Number), not_yet: expect.any(Number) })
    node.holdBack(60)
    const ahead = await audited(source, indexed(quirks))
    expect(new Set(ahead.map(({ waitsFor }) => waitsFor))).toEqual(new Set([undefined, 'source']))
    expect(classes(ahead)).toEqual({ ok: expect.any(Number), not_yet: expect.any(Number) })
  })

  test('an audit waits for a source that is before lost ledgers', async () => {
    const { source } = await nodeOf(quirks, LAST - 60)
    const store = indexed(quirks, LAST - 70)
    const lost = { from: LAST - 69, to: LAST - 50 }
    store.writer.declareGap({ ...lost, reason: 'retention', declaredAt: 1 })
    const rows = await audited(source, store)
    expect(new Set(rows.map(({ waitsFor }) => waitsFor))).toEqual(new Set(['source']))
  })

  test('an audit of all streams asks for 200 keys in a call, an audit of one stream for one', async () => {
    const recording = await loadRecording('lively')
    const { source } = await nodeOf(recording, recording.ledgers.at(-1)!.sequence)
    const asked: number[] = []
    const counting: LedgerSource = {
      ...source,
      entries(some, signal) {
        asked.push(some.length)
        return source.entries(some, signal)
      },
    }
    const store = indexed(recording)
    const id = recording.header.contractId
    await audited(counting, store, { id })
    expect(asked).toEqual([2, 200, 25])
    expect(await audited(counting, store, { which: [7n], id })).toMatchObject([
      { streamId: 7n, class: 'ok' },
    ])
    expect(await audited(counting, store, { which: [9_999n], id })).toEqual([])
  })
})

describe('P5: drift', () => {
  test.each([
    ['recipient', 'recipient', 'x'],
    ['rate_per_second', 'ratePerSecond', '1'],
    ['deposited_amount', 'depositedAmount', '1'],
    ['withdrawn_amount', 'withdrawnAmount', '-1'],
    ['last_update_time', 'lastUpdateTime', '1'],
    ['paused_at', 'pausedAt', '1'],
    ['chain_status', 'status', 'Paused'],
  ])('drift in %s is found and named', async (column, field, value) => {
    const { source } = await nodeOf(quirks, LAST)
    const store = indexed(quirks)
    const streamId = 21n
    const before = store.streams.byId(`${streamId}`)!
    store.sqlite.prepare(`update streams set ${column} = ? where stream_id = ?`).run(value, '21')
    const rows = await audited(source, store)
    expect(classes(rows)).toEqual({ ok: store.streams.count() - 1, drift: 1 })
    const was = before[field as keyof typeof before] ?? null
    expect(rows.find((row) => row.class === 'drift')).toMatchObject({
      streamId,
      ledger: LAST,
      differences: [{ field, ours: value, chain: was === null ? null : String(was) }],
    })
  })

  test('a stream that only one side has is drift', async () => {
    const without = withEntries(quirks, (entry) =>
      entry.key === keys.stream(3n) ? undefined : entry,
    )
    const { source } = await nodeOf(without, LAST)
    const store = indexed(quirks)
    store.sqlite.exec("delete from streams where stream_id = '5'")
    const rows = await audited(source, store)
    expect(rows.filter((row) => row.class === 'drift')).toMatchObject([
      { streamId: 3n, differences: [{ field: 'record', ours: 'present', chain: null }] },
      { streamId: 5n, differences: [{ field: 'record', ours: null, chain: 'present' }] },
    ])
  })

  test('a record that cannot be read is drift', async () => {
    const { source } = await nodeOf(
      withEntries(quirks, (entry) =>
        entry.key === keys.stream(3n) ? { ...entry, xdr: changedCounter(5n) } : entry,
      ),
      LAST,
    )
    const [row] = await audited(source, indexed(quirks), { which: [3n] })
    expect(row).toMatchObject({
      class: 'drift',
      chain: undefined,
      differences: [{ field: 'record', chain: expect.stringMatching(/^unreadable: /) }],
    })
  })
})

describe('P5: an archived record', () => {
  const archived = withEntries(quirks, (entry) =>
    entry.key === keys.stream(3n) ? { ...entry, liveUntilLedgerSeq: 0 } : entry,
  )

  test('an archived record is reported as archived, or as drift if it differs', async () => {
    const { source } = await nodeOf(archived, LAST)
    const store = indexed(quirks)
    const rows = await audited(source, store)
    expect(classes(rows)).toEqual({ ok: store.streams.count() - 1, archived: 1 })
    store.sqlite.exec("update streams set deposited_amount = '1' where stream_id = '3'")
    expect(await audited(source, store, { which: [3n] })).toMatchObject([{ class: 'drift' }])
  })

  test('an archived record may be missing in the answer', async () => {
    const { source } = await nodeOf(
      withEntries(quirks, (entry) => (entry.key === keys.stream(3n) ? undefined : entry)),
      LAST,
    )
    const store = indexed(quirks)
    store.writer.setLifetimes([{ streamId: 3n, liveUntilLedger: LAST - 1 }])
    expect(await audited(source, store, { which: [3n] })).toMatchObject([{ class: 'archived' }])
  })
})

describe('a source with other storage', () => {
  test('P9: a source without the contract’s storage is refused', async () => {
    const { source } = await nodeOf(
      withEntries(quirks, (entry) => (entry.key === keys.stream(1n) ? entry : undefined)),
      LAST,
    )
    await expect(audited(source, indexed(quirks))).rejects.toMatchObject({ fault: 'refused' })
  })

  test('P8: if a contract counts from far above 1, the audit ends all the same', async () => {
    const { source } = await nodeOf(
      withEntries(quirks, (entry) =>
        entry.key === keys.instance ? { ...entry, xdr: changedCounter(2n ** 53n) } : entry,
      ),
      LAST,
    )
    const store = indexed(quirks)
    expect(classes(await audited(source, store))).toEqual({ ok: store.streams.count() })
  })
})

/** The contract's instance with another stream counter. */
function changedCounter(streams: bigint): string {
  const entry = quirks.ledgers
    .flatMap((ledger) => ledger.entries ?? [])
    .findLast(({ key }) => key === keys.instance)!
  const data = xdr.LedgerEntryData.fromXdr(entry.xdr, 'base64')
  if (data.type !== 'contractData' || data.value.val.type !== 'scvContractInstance') {
    throw new Error('no instance')
  }
  const { ext, contract, key, durability, val } = data.value
  const { executable } = val.value
  const storage = [
    new xdr.ScMapEntry({
      key: nativeToScVal(['StreamCounter'], { type: ['symbol'] }),
      val: nativeToScVal(streams, { type: 'u64' }),
    }),
  ]
  const instance = xdr.ScVal.scvContractInstance(
    new xdr.ScContractInstance({ executable, storage }),
  )
  const changed = new xdr.ContractDataEntry({ ext, contract, key, durability, val: instance })
  return xdr.LedgerEntryData.contractData(changed).toXdr('base64')
}
