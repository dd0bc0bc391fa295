import { setTimeout as sleep } from 'node:timers/promises'
import type { AuditClass, RecordDifference } from '../domain/upstream.ts'
import { RECORD_FIELDS } from '../domain/stream.ts'
import type { Stream } from '../domain/stream.ts'
import { MAX_ENTRY_KEYS } from '../source/source.ts'
import type { LedgerSource } from '../source/source.ts'
import type { ChainRecord } from '../store/read/records.ts'
import type { Store } from '../store/store.ts'
import { createChainReader, logBegan, MAX_ABSENT, portions, strangers } from './chain-reader.ts'
import type { ChainAnswer } from './chain-reader.ts'

/**
 * The chain as witness: our streams against the contract's own records. An answer is of ledger L,
 * an entry in it has not changed since M; our log is complete through P, our row has not changed
 * since U. The record stands for the ledgers M to L and the row for U to P, so they can be compared
 * where these overlap: M <= P and U <= L. Anything else is "not yet", whichever side is behind; so
 * is an answer from before the log's last hole, which could not repair what it finds.
 */

export interface AuditRow {
  streamId: bigint
  class: AuditClass
  differences: RecordDifference[]
  /** The ledger that the chain's side was read at. */
  ledger: number
  liveUntilLedger: number | null
  /** What the chain has; undefined where it has nothing, or nothing that can be read. */
  chain: ChainRecord | undefined
  /** Whose turn it is when `not_yet`: ours to come to the record's ledger, or the source's. */
  waitsFor: 'log' | 'source' | undefined
}

export interface AuditDeps {
  source: LedgerSource
  store: Pick<Store, 'streams' | 'records' | 'coverage' | 'log'>
  contractId: string
  /** Rest between two calls, for a source that others need too. */
  pauseMs?: number
}

/**
 * Compares streams with the chain: the rows of one answer at a time. `all` is every stream that is
 * here and every one that the contract has counted; a stream that neither side has gets no row.
 */
export async function* auditStreams(
  { source, store, contractId, pauseMs = 0 }: AuditDeps,
  which: readonly bigint[] | 'all',
  signal: AbortSignal,
): AsyncGenerator<AuditRow[]> {
  const reader = createChainReader(source, contractId)
  const counter = await reader.counter(signal)
  let began: bigint | undefined
  const ours = which === 'all' ? ownIds(store.streams) : portions(which)
  for (const ids of ours) yield await compare(ids)
  if (which !== 'all') return
  let absent = 0
  for (const ids of portions(strangers(counter, isHere))) {
    const rows = await compare(ids)
    yield rows
    absent = rows.length === 0 ? absent + ids.length : 0
    if (absent >= MAX_ABSENT) return
  }

  function isHere(streamId: bigint): boolean {
    return store.streams.byId(streamId.toString()) !== undefined
  }

  async function compare(ids: readonly bigint[]): Promise<AuditRow[]> {
    if (pauseMs > 0) await sleep(pauseMs, undefined, { signal })
    if (!ids.every(isHere)) began ??= await logBegan(source, store, signal)
    const answer = await reader.streams(ids, signal)
    // Rows and position are read in the turn that judges them.
    const position = {
      scannedThrough: store.coverage.scannedThrough(),
      lastHole: store.coverage.lastHole(),
      logBegan: began,
    }
    return ids.flatMap((streamId) => {
      const stream = store.streams.byId(streamId.toString())
      const awaited = store.records.isWaiting(streamId)
      return judge({ streamId, stream, awaited, ...position }, answer) ?? []
    })
  }
}

function* ownIds(streams: Store['streams']): Generator<bigint[]> {
  let last: bigint | undefined
  for (;;) {
    const ids = streams.idsAfter(last, MAX_ENTRY_KEYS)
    if (ids.length === 0) return
    yield ids
    last = ids.at(-1)
  }
}

/** Our side of a comparison. */
export interface Ours {
  streamId: bigint
  stream: Stream | undefined
  /** The chain told of it already, of a ledger that the log has yet to come to. */
  awaited: boolean
  /** Ledgers, as in `Coverage`. */
  scannedThrough: number
  lastHole: number
  /** Close time of the log's first ledger, Unix seconds; undefined where it is not known. */
  logBegan: bigint | undefined
}

/** Undefined where there is nothing on either side. */
export function judge(
  { streamId, stream, awaited, scannedThrough, lastHole, logBegan: began }: Ours,
  { ledger, entries }: ChainAnswer,
): AuditRow | undefined {
  const entry = entries.get(streamId)
  if (stream === undefined && entry === undefined) return undefined
  const record = entry?.content.kind === 'record' ? entry.content.record : undefined
  const liveUntilLedger =
    entry === undefined ? (stream?.liveUntilLedger ?? null) : entry.liveUntilLedger
  const row = {
    streamId,
    differences: [],
    ledger,
    liveUntilLedger,
    chain:
      entry === undefined || record === undefined
        ? undefined
        : { record, ledger: entry.lastModifiedLedger, readLedger: ledger, liveUntilLedger },
    waitsFor: undefined,
  } satisfies Partial<AuditRow>

  if (awaited || (entry !== undefined && entry.lastModifiedLedger > scannedThrough)) {
    return { ...row, class: 'not_yet', waitsFor: 'log' }
  }
  if (ledger < lastHole || (stream !== undefined && stream.updatedLedger > ledger)) {
    return { ...row, class: 'not_yet', waitsFor: 'source' }
  }
  if (stream === undefined && record !== undefined && began !== undefined) {
    if (record.startTime < began) return { ...row, class: 'before_log' }
  }
  const archived = liveUntilLedger !== null && liveUntilLedger < ledger
  // Some servers leave out what is archived; nothing else removes a record.
  if (entry === undefined && archived) return { ...row, class: 'archived' }
  const differences = compareSides(stream, entry?.content)
  if (differences.length > 0) return { ...row, class: 'drift', differences }
  return { ...row, class: archived ? 'archived' : 'ok' }
}

function compareSides(
  stream: Stream | undefined,
  content: { kind: 'record'; record: object } | { kind: 'unreadable'; reason: string } | undefined,
): RecordDifference[] {
  const ours = stream === undefined ? null : 'present'
  if (content === undefined) return [{ field: 'record', ours, chain: null }]
  if (content.kind === 'unreadable') {
    return [{ field: 'record', ours, chain: `unreadable: ${content.reason}` }]
  }
  if (stream === undefined) return [{ field: 'record', ours, chain: 'present' }]
  const record = content.record as Stream
  return RECORD_FIELDS.flatMap((field) =>
    stream[field] === record[field]
      ? []
      : [{ field, ours: text(stream[field]), chain: text(record[field]) }],
  )
}

function text(value: string | bigint | boolean | null): string | null {
  return value === null ? null : String(value)
}
