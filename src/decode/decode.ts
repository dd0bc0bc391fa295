/**
 * From XDR to values, for any input: what cannot be read is a value too, with the reason, and never
 * an error.
 *
 * - decode.ts           an event: raw to decoded
 * - contract-events.ts  the table of the contract's events and their fields
 * - stream-entry.ts     the contract's record of a stream, from a ledger entry
 * - stream-counter.ts   how many streams the contract has made, from a ledger entry
 * - token-metadata.ts   what a token's contract says about itself, from a ledger entry
 * - sc-val.ts           Soroban values and their types
 * - xdr-reader.ts       the bytes
 */
import type { ContractEvent, Decode, RawEvent } from '../domain/event.ts'
import { createEventSpecs, STREAM_ID } from './contract-events.ts'
import type { EventSpec } from './contract-events.ts'
import { readMapLength, readValue, skipValue } from './sc-val.ts'
import type { Expected, ScValues } from './sc-val.ts'
import { createXdrReaders, Unreadable } from './xdr-reader.ts'
import type { OpenXdr, XdrReader } from './xdr-reader.ts'

/**
 * An event that is not one of the contract's, or does not have the expected shape, becomes
 * `unrecognised` with the reason and the raw base64. Extra topics and data fields are ignored, so
 * events of newer contracts still decode.
 */
export function createDecoder(): Decode {
  const specs = createEventSpecs()
  const openXdr = createXdrReaders()

  return (raw) => {
    const { id, contractId, ledger, timestamp, transactionHash } = raw
    const base = { id, contractId, ledger, timestamp, transactionHash }
    try {
      // The table gives each type its own fields.
      return { ...base, ...readEvent(raw, { specs, openXdr }) } as ContractEvent
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      const { topics, value } = raw
      return { ...base, type: 'unrecognised', reason: error.message, topics, value }
    }
  }
}

interface Context {
  specs: ReadonlyMap<string, EventSpec>
  openXdr: OpenXdr
}

const FIRST_TOPIC = { type: 'symbol', label: 'first topic' } as const
const SECOND_TOPIC = { type: 'u64', label: 'second topic' } as const
const KEY = { type: 'symbol', label: 'data has a key that' } as const

function readEvent({ type, topics, value }: RawEvent, { specs, openXdr }: Context) {
  if (type !== 'contract') throw new Unreadable(`an event of type ${JSON.stringify(type)}`)
  const [first, second] = topics
  if (first === undefined) throw new Unreadable('no topics')
  const symbol = readTopic(openXdr(first), FIRST_TOPIC)
  const spec = specs.get(symbol)
  if (spec === undefined) throw new Unreadable(`unknown event ${JSON.stringify(symbol)}`)
  if (!spec.ofStream) return { type: spec.type, fields: readData(openXdr(value), spec).fields }
  if (second === undefined) throw new Unreadable(`${symbol} without a stream id in its topics`)
  const streamId = readTopic(openXdr(second), SECOND_TOPIC)
  const data = readData(openXdr(value), spec)
  if (data.streamId !== streamId) {
    throw new Unreadable('stream_id in the data differs from the topic')
  }
  return { type: spec.type, streamId, fields: data.fields }
}

function readTopic<T extends keyof ScValues>(
  reader: XdrReader,
  expected: Expected<T>,
): ScValues[T] {
  const value = readValue(reader, expected)
  reader.end()
  return value
}

interface Data {
  fields: Record<string, string | bigint | number>
  /** Undefined if the event is not of a stream, or the field is missing. */
  streamId: bigint | undefined
}

function readData(reader: XdrReader, { fields: specs, ofStream, required }: EventSpec): Data {
  const fields: Data['fields'] = {}
  let streamId: bigint | undefined
  let found = 0
  for (let left = readMapLength(reader, 'data'); left > 0; left -= 1) {
    const key = readValue(reader, KEY)
    const spec = specs.get(key)
    if (spec !== undefined) {
      if (spec.name in fields) throw new Unreadable(`${spec.label} is there twice`)
      fields[spec.name] = readValue(reader, spec)
      if (!spec.optional) found += 1
    } else if (ofStream && key === 'stream_id') {
      streamId = readValue(reader, STREAM_ID)
    } else {
      skipValue(reader)
    }
  }
  reader.end()
  if (ofStream && streamId === undefined) throw new Unreadable(`${STREAM_ID.label} is missing`)
  if (found !== required) {
    const missing = [...specs.values()].find(({ name, optional }) => !optional && !(name in fields))
    throw new Unreadable(`${missing?.label} is missing`)
  }
  return { fields, streamId }
}
