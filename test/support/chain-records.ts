import { createStreamEntryReader } from '../../src/decode/stream-entry.ts'
import { createEntryKeys } from '../../src/source/entry-keys.ts'
import { RECORD_FIELDS } from '../../src/domain/stream.ts'
import type { Stream, StreamRecord } from '../../src/domain/stream.ts'
import type { Recording } from '../../src/simulator/recording.ts'
import type { ChainRecord } from '../../src/store/read/records.ts'
import { fromRow, SELECT_STREAMS } from '../../src/store/stream-row.ts'
import type { StreamRow } from '../../src/store/stream-row.ts'
import type { Sqlite } from '../../src/store/sqlite.ts'

const read = createStreamEntryReader()

const changes = new WeakMap<Recording, ChainRecord[][]>()

/** Each stream's record in the recording at the end of a ledger. */
export function chainAt(recording: Recording, ledger: number): ChainRecord[] {
  let streams = changes.get(recording)
  if (streams === undefined) changes.set(recording, (streams = changesOf(recording)))
  return streams.flatMap((records) => {
    const latest = records.findLast((record) => record.ledger <= ledger)
    return latest === undefined ? [] : { ...latest, readLedger: ledger }
  })
}

function changesOf({ ledgers, header }: Recording): ChainRecord[][] {
  const { instance } = createEntryKeys(header.contractId)
  const streams = new Map<string, ChainRecord[]>()
  for (const { entries = [] } of ledgers) {
    for (const { key, xdr, lastModifiedLedgerSeq: ledger, liveUntilLedgerSeq } of entries) {
      if (key === instance) continue
      const content = read(xdr)
      if (content.kind === 'unreadable') throw new Error(content.reason)
      const liveUntilLedger = liveUntilLedgerSeq ?? null
      const record = { record: content.record, ledger, readLedger: ledger, liveUntilLedger }
      streams.set(key, [...(streams.get(key) ?? []), record])
    }
  }
  return [...streams.values()]
}

/** All streams, in the order of their ids. */
export function rows({ sqlite }: { sqlite: Sqlite }): Stream[] {
  const query = `${SELECT_STREAMS} order by created_order`
  return sqlite.prepare<[], StreamRow>(query).all().map(fromRow)
}

/** The records in the projection, by id. */
export function recordsOf(store: { sqlite: Sqlite }): Map<bigint, StreamRecord> {
  return new Map(rows(store).map((stream) => [stream.streamId, recordOf(stream)]))
}

export function recordOf(stream: StreamRecord): StreamRecord {
  return Object.fromEntries(
    RECORD_FIELDS.map((name) => [name, stream[name]]),
  ) as unknown as StreamRecord
}

/** The records of the chain, by id. */
export function byId(records: readonly ChainRecord[]): Map<bigint, StreamRecord> {
  return new Map(
    records
      .map(({ record }) => [record.streamId, recordOf(record)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
}
