import { deflateRawSync, inflateRawSync } from 'node:zlib'

/**
 * Entries as they are kept in Redis and sent to every node: events look alike, so a page of twenty
 * takes less than a third of its JSON. Redis has what is published for days, in memory.
 */

/** Below it, almost nothing is saved. */
const SHORTEST = 2_048
/** Packed text has no brace, and JSON objects begin with one. */
const JSON_BEGINS = '{'
/** The fastest: higher levels take twice the time to save another tenth. */
const LEVEL = 1
/** A page of 2,000 events is 2 MB. What claims to be more is not ours. */
const MOST_BYTES = 256 * 1_024 * 1_024

export function pack(json: string): string {
  if (json.length < SHORTEST) return json
  return deflateRawSync(json, { level: LEVEL }).toString('base64')
}

/** Throws if the text was not packed. */
export function unpack(text: string): string {
  if (text.startsWith(JSON_BEGINS)) return text
  const limits = { maxOutputLength: MOST_BYTES }
  return inflateRawSync(Buffer.from(text, 'base64'), limits).toString()
}
