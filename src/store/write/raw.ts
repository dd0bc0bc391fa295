import type { RawEvent } from '../../domain/event.ts'

/** The `raw` column: what the source gave that the event's public JSON does not tell. */
export function encodeRaw({ type, topics, value }: RawEvent): string {
  return JSON.stringify({ type, topics, value })
}

/** The event as the source gave it, from the two columns that hold its halves. */
export function decodeRaw(row: { raw: string; data: string }): RawEvent {
  const data = JSON.parse(row.data) as Omit<RawEvent, 'type' | 'topics' | 'value'>
  const { id, contractId, ledger, timestamp, transactionHash } = data
  const raw = JSON.parse(row.raw) as Pick<RawEvent, 'type' | 'topics' | 'value'>
  return { id, contractId, ledger, timestamp, transactionHash, ...raw }
}
