import type { ChainStatus, StreamRecord } from '../domain/stream.ts'
import { readMapLength, readOptionalU64, readValue, readVecLength, skipValue } from './sc-val.ts'
import type { ScValues } from './sc-val.ts'
import { createXdrReaders, Unreadable } from './xdr-reader.ts'
import type { XdrReader } from './xdr-reader.ts'

/** A `Stream` record of the contract, or the reason why it could not be read. */
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

/** Reads base64 LedgerEntryData of `Stream(id)`. Extra fields are ignored. */
export function createStreamEntryReader(): (entryXdr: string) => StreamEntry {
  const openXdr = createXdrReaders()
  return (entryXdr) => {
    try {
      return { kind: 'record', record: readEntry(openXdr(entryXdr)) }
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      return { kind: 'unreadable', reason: error.message }
    }
  }
}

function readEntry(reader: XdrReader): StreamRecord {
  if (reader.uint32() !== CONTRACT_DATA) throw new Unreadable('the entry is not contract data')
  if (reader.uint32() !== 0) throw new Unreadable('the entry has an unknown extension')
  reader.address()
  const streamId = readKey(reader)
  // The durability is persistent, because only persistent entries are asked for.
  reader.uint32()
  const fields = readFields(reader)
  reader.end()
  return { streamId, ...fields }
}

function readKey(reader: XdrReader): bigint {
  const length = readVecLength(reader, 'the key')
  if (length !== 2) throw new Unreadable('the key is not of a stream')
  const name = readValue(reader, { type: 'symbol', label: 'the key' })
  if (name !== 'Stream') throw new Unreadable('the key is not of a stream')
  return readValue(reader, { type: 'u64', label: 'the stream id' })
}

type Fields = Omit<StreamRecord, 'streamId'>
type ReadField<T> = (reader: XdrReader, label: string) => T

const address = valueOf('address')
const i128 = valueOf('i128')
const u64 = valueOf('u64')
const bool = valueOf('bool')

/** The name of each field on chain, and how it is read. */
const FIELDS: { [K in keyof Fields]: readonly [nameOnChain: string, read: ReadField<Fields[K]>] } =
  {
    sender: ['sender', address],
    recipient: ['recipient', address],
    tokenAddress: ['token_address', address],
    ratePerSecond: ['rate_per_second', i128],
    depositedAmount: ['deposited_amount', i128],
    withdrawnAmount: ['withdrawn_amount', i128],
    startTime: ['start_time', u64],
    lastUpdateTime: ['last_update_time', u64],
    isActive: ['is_active', bool],
    paused: ['paused', bool],
    pausedAt: ['paused_at', readOptionalU64],
    status: ['status', readStatus],
  }

const BY_NAME_ON_CHAIN = new Map(
  Object.entries(FIELDS).map(([name, [nameOnChain, read]]) => [
    nameOnChain,
    { name, label: `field ${nameOnChain}`, read },
  ]),
)

function readFields(reader: XdrReader): Fields {
  const fields: Record<string, unknown> = {}
  for (let left = readMapLength(reader, 'the record'); left > 0; left -= 1) {
    const key = readValue(reader, { type: 'symbol', label: 'a key of the record' })
    const field = BY_NAME_ON_CHAIN.get(key)
    if (field === undefined) skipValue(reader)
    else fields[field.name] = field.read(reader, field.label)
  }
  const missing = BY_NAME_ON_CHAIN.values().find(({ name }) => !(name in fields))
  if (missing !== undefined) throw new Unreadable(`${missing.label} is missing`)
  return fields as unknown as Fields
}

function valueOf<T extends keyof ScValues>(type: T): ReadField<ScValues[T]> {
  return (reader, label) => readValue(reader, { type, label })
}

/** An enum variant without a value: a vector that holds only its name. */
function readStatus(reader: XdrReader, label: string): ChainStatus {
  if (readVecLength(reader, label) !== 1) throw new Unreadable(`${label} is not a variant`)
  const status = readValue(reader, { type: 'symbol', label })
  if (!STATUSES.has(status)) throw new Unreadable(`${label} is ${JSON.stringify(status)}`)
  return status as ChainStatus
}
