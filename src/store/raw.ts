import type { RawEvent } from '../domain/event.ts'

/** The `raw` column: the part of the source's event that is not in the public JSON. */
export function encodeRaw({ type, topics, value }: RawEvent): string {
  return JSON.stringify({ type, topics, value })
}

/** The event as the source gave it, from the columns `raw` and `data`. */
export function decodeRaw(row: { raw: string; data: string }): RawEvent {
  const data = JSON.parse(row.data) as Omit<RawEvent, 'type' | 'topics' | 'value'>
  const { id, contractId, ledger, timestamp, transactionHash } = data
  const raw = JSON.parse(row.raw) as Pick<RawEvent, 'type' | 'topics' | 'value'>
  return { id, contractId, ledger, timestamp, transactionHash, ...raw }
}
