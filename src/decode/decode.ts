import type { ContractEvent, Decode, EventHead, RawEvent } from '../domain/event.ts'
import { createEventSpecs } from './contract-events.ts'
import type { EventSpec, FieldSpec } from './contract-events.ts'
import { createAddressEncoder, createXdrReader, ScType, Unreadable } from './xdr-reader.ts'
import type { AddressEncoder, XdrReader } from './xdr-reader.ts'

type Value = string | bigint | number

/**
 * XDR to event, for any input. What is not an event of the contract, or does not have its shape,
 * becomes `unrecognised` with the reason and the raw base64. Extra topics and data fields are
 * ignored, so events of newer contracts still decode.
 */
export function createDecoder(): Decode {
  const specs = createEventSpecs()
  const encodeAddress = createAddressEncoder()

  return (raw) => {
    const head: EventHead = {
      id: raw.id,
      contractId: raw.contractId,
      ledger: raw.ledger,
      timestamp: raw.timestamp,
      transactionHash: raw.transactionHash,
    }
    try {
      return read(raw, head, specs, encodeAddress)
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      const { topics, value } = raw
      return { ...head, type: 'unrecognised', reason: error.message, topics, value }
    }
  }
}

function read(
  raw: RawEvent,
  head: EventHead,
  specs: ReadonlyMap<string, EventSpec>,
  encodeAddress: AddressEncoder,
): ContractEvent {
  if (raw.type !== 'contract') throw new Unreadable(`an event of type ${JSON.stringify(raw.type)}`)
  const [first, second] = raw.topics
  if (first === undefined) throw new Unreadable('no topics')
  const symbol = readTopic(first, encodeAddress, 'first topic', ScType.symbol, (reader) =>
    reader.text(),
  )
  const spec = specs.get(symbol)
  if (spec === undefined) throw new Unreadable(`unknown event ${JSON.stringify(symbol)}`)
  if (!spec.ofStream) {
    const { fields } = readFields(raw.value, spec, encodeAddress)
    return { ...head, type: spec.type, fields } as unknown as ContractEvent
  }
  if (second === undefined) throw new Unreadable(`${symbol} without a stream id in its topics`)
  const streamId = readTopic(second, encodeAddress, 'second topic', ScType.u64, (reader) =>
    reader.uint64(),
  )
  const { fields, streamId: repeated } = readFields(raw.value, spec, encodeAddress)
  if (repeated !== streamId) throw new Unreadable('stream_id in the data differs from the topic')
  return { ...head, type: spec.type, streamId, fields } as unknown as ContractEvent
}

function readTopic<T>(
  base64: string,
  encodeAddress: AddressEncoder,
  name: string,
  type: number,
  readValue: (reader: XdrReader) => T,
): T {
  const reader = createXdrReader(base64, encodeAddress)
  const found = reader.type()
  if (found !== type)
    throw new Unreadable(`${name} is a ${typeName(found)}, not a ${typeName(type)}`)
  const value = readValue(reader)
  reader.end()
  return value
}

const STREAM_ID: FieldSpec = { name: 'stream_id', type: 'u64', optional: false }

function readFields(
  base64: string,
  spec: EventSpec,
  encodeAddress: AddressEncoder,
): { fields: Record<string, Value>; streamId: bigint | undefined } {
  const reader = createXdrReader(base64, encodeAddress)
  const found = reader.type()
  if (found !== ScType.map) throw new Unreadable(`data is a ${typeName(found)}, not a map`)
  const fields: Record<string, Value> = {}
  let streamId: bigint | undefined
  let required = 0
  let left = reader.flag() ? reader.uint32() : 0
  for (; left > 0; left -= 1) {
    const keyType = reader.type()
    if (keyType !== ScType.symbol) {
      throw new Unreadable(`data has a key that is a ${typeName(keyType)}, not a symbol`)
    }
    const key = reader.text()
    const field = spec.fields.get(key)
    if (field !== undefined) {
      if (field.name in fields) throw new Unreadable(`field ${key} is there twice`)
      fields[field.name] = readField(reader, key, field)
      if (!field.optional) required += 1
    } else if (key === STREAM_ID.name && spec.ofStream) {
      streamId = readField(reader, key, STREAM_ID) as bigint
    } else {
      reader.skip()
    }
  }
  reader.end()
  if (spec.ofStream && streamId === undefined) throw new Unreadable('field stream_id is missing')
  if (required !== spec.required) {
    const missing = [...spec.fields].find(([, field]) => !field.optional && !(field.name in fields))
    throw new Unreadable(`field ${missing?.[0]} is missing`)
  }
  return { fields, streamId }
}

function readField(reader: XdrReader, key: string, field: FieldSpec): Value {
  const found = reader.type()
  if (found !== ScType[field.type]) {
    throw new Unreadable(`field ${key} is a ${typeName(found)}, not a ${field.type}`)
  }
  switch (field.type) {
    case 'address':
      return reader.address()
    case 'i128':
      return reader.int128()
    case 'u64':
      return reader.uint64()
    case 'u32':
      return reader.uint32()
  }
}

function typeName(type: number): string {
  return Object.entries(ScType).find(([, number]) => number === type)?.[0] ?? `type ${type}`
}
