import type { ChainStatus, StreamRecord } from '../domain/stream.ts'
import { createAddressEncoder, createXdrReader, ScType, Unreadable } from './xdr-reader.ts'
import type { AddressEncoder, XdrReader } from './xdr-reader.ts'

/** A `Stream` record as stored, or why it could not be read: foreign data is never an exception. */
export type StreamEntry =
  | { kind: 'record'; record: StreamRecord }
  | { kind: 'unreadable'; reason: string }

/** LedgerEntryType CONTRACT_DATA. */
const CONTRACT_DATA = 6
const STATUSES: ReadonlySet<string> = new Set<ChainStatus>([
  'Active',
  'Paused',
  'Cancelled',
  'Completed',
])

/** Reads base64 LedgerEntryData of `Stream(id)`; fields that are new are let be. */
export function createStreamEntryReader(): (entryXdr: string) => StreamEntry {
  const encodeAddress = createAddressEncoder()
  return (entryXdr) => {
    try {
      return { kind: 'record', record: readEntry(entryXdr, encodeAddress) }
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      return { kind: 'unreadable', reason: error.message }
    }
  }
}

function readEntry(entryXdr: string, encodeAddress: AddressEncoder): StreamRecord {
  const reader = createXdrReader(entryXdr, encodeAddress)
  if (reader.uint32() !== CONTRACT_DATA) throw new Unreadable('the entry is not contract data')
  if (reader.uint32() !== 0) throw new Unreadable('the entry has an extension that is not known')
  reader.address()
  const streamId = readKey(reader)
  // Durability: persistent, as was asked for.
  reader.uint32()
  const fields = readFields(reader)
  reader.end()
  return { streamId, ...fields }
}

function readKey(reader: XdrReader): bigint {
  expectType(reader, ScType.vec, 'the key')
  if (!reader.flag() || reader.uint32() !== 2) throw new Unreadable('the key is not of a stream')
  expectType(reader, ScType.symbol, 'the key')
  if (reader.text() !== 'Stream') throw new Unreadable('the key is not of a stream')
  expectType(reader, ScType.u64, 'the stream id')
  return reader.uint64()
}

type Fields = Omit<StreamRecord, 'streamId'>

/** On the wire each field has this name; the reader is behind its key. */
const FIELDS: {
  [K in keyof Fields]: readonly [wire: string, read: (reader: XdrReader, name: string) => Fields[K]]
} = {
  sender: ['sender', readAddress],
  recipient: ['recipient', readAddress],
  tokenAddress: ['token_address', readAddress],
  ratePerSecond: ['rate_per_second', readI128],
  depositedAmount: ['deposited_amount', readI128],
  withdrawnAmount: ['withdrawn_amount', readI128],
  startTime: ['start_time', readU64],
  lastUpdateTime: ['last_update_time', readU64],
  isActive: ['is_active', readBool],
  paused: ['paused', readBool],
  pausedAt: ['paused_at', readOptionalU64],
  status: ['status', readStatus],
}

const BY_WIRE_NAME = new Map(
  Object.entries(FIELDS).map(([name, [wire, read]]) => [wire, { name, read }]),
)

function readFields(reader: XdrReader): Fields {
  expectType(reader, ScType.map, 'the record')
  const fields: Record<string, unknown> = {}
  for (let left = reader.flag() ? reader.uint32() : 0; left > 0; left -= 1) {
    expectType(reader, ScType.symbol, 'a field’s name')
    const wire = reader.text()
    const field = BY_WIRE_NAME.get(wire)
    if (field === undefined) reader.skip()
    else fields[field.name] = field.read(reader, `field ${wire}`)
  }
  const missing = [...BY_WIRE_NAME].find(([, { name }]) => !(name in fields))
  if (missing !== undefined) throw new Unreadable(`field ${missing[0]} is missing`)
  return fields as unknown as Fields
}

function expectType(reader: XdrReader, type: number, name: string): void {
  const found = reader.type()
  if (found !== type) throw new Unreadable(`${name} is of type ${found}, not ${type}`)
}

function readAddress(reader: XdrReader, name: string): string {
  expectType(reader, ScType.address, name)
  return reader.address()
}

function readI128(reader: XdrReader, name: string): bigint {
  expectType(reader, ScType.i128, name)
  return reader.int128()
}

function readU64(reader: XdrReader, name: string): bigint {
  expectType(reader, ScType.u64, name)
  return reader.uint64()
}

function readBool(reader: XdrReader, name: string): boolean {
  expectType(reader, ScType.bool, name)
  return reader.flag()
}

function readOptionalU64(reader: XdrReader, name: string): bigint | null {
  const found = reader.type()
  if (found === ScType.void) return null
  if (found !== ScType.u64) throw new Unreadable(`${name} is of type ${found}, not ${ScType.u64}`)
  return reader.uint64()
}

/** A unit variant: a vec of its name alone. */
function readStatus(reader: XdrReader, name: string): ChainStatus {
  expectType(reader, ScType.vec, name)
  if (!reader.flag() || reader.uint32() !== 1) throw new Unreadable(`${name} is not a variant`)
  expectType(reader, ScType.symbol, name)
  const status = reader.text()
  if (!STATUSES.has(status)) throw new Unreadable(`${name} is ${JSON.stringify(status)}`)
  return status as ChainStatus
}
