import { Unreadable } from './xdr-reader.ts'
import type { XdrReader } from './xdr-reader.ts'

/** The Soroban values that events and records are made of: `ScVal` in Stellar-contract.x. */

/** Values of enum SCValType; each value begins with it. */
const ScType = {
  bool: 0,
  void: 1,
  u32: 3,
  i32: 4,
  u64: 5,
  i64: 6,
  timepoint: 7,
  duration: 8,
  u128: 9,
  i128: 10,
  u256: 11,
  i256: 12,
  bytes: 13,
  string: 14,
  symbol: 15,
  vec: 16,
  map: 17,
  address: 18,
} as const

const TYPE_NAMES = new Map<number, string>(
  Object.entries(ScType).map(([name, number]) => [number, name]),
)

/** What a value of each type is here. */
export interface ScValues {
  bool: boolean
  u32: number
  u64: bigint
  i128: bigint
  symbol: string
  address: string
}

const READERS: { [T in keyof ScValues]: (reader: XdrReader) => ScValues[T] } = {
  bool: (reader) => reader.flag(),
  u32: (reader) => reader.uint32(),
  u64: (reader) => reader.uint64(),
  i128: (reader) => reader.int128(),
  symbol: (reader) => reader.text(),
  address: (reader) => reader.address(),
}

/** A value that must come next. */
export interface Expected<T extends keyof ScValues> {
  type: T
  /** What errors call it. */
  label: string
}

export function readValue<T extends keyof ScValues>(
  reader: XdrReader,
  { type, label }: Expected<T>,
): ScValues[T] {
  checkType(reader.uint32(), { type, label })
  return READERS[type](reader)
}

/** The number of entries of a map. They follow: key, value, key, value. */
export function readMapLength(reader: XdrReader, label: string): number {
  checkType(reader.uint32(), { type: 'map', label })
  return readLength(reader)
}

/** The number of values of a vector. They follow. */
export function readVecLength(reader: XdrReader, label: string): number {
  checkType(reader.uint32(), { type: 'vec', label })
  return readLength(reader)
}

/** Null for `void`. */
export function readOptionalU64(reader: XdrReader, label: string): bigint | null {
  const type = reader.uint32()
  if (type === ScType.void) return null
  checkType(type, { type: 'u64', label })
  return reader.uint64()
}

/** Vectors and maps are optional in XDR: a flag comes before the length. */
function readLength(reader: XdrReader): number {
  return reader.flag() ? reader.uint32() : 0
}

function checkType(
  found: number,
  { type, label }: { type: keyof typeof ScType; label: string },
): void {
  if (found === ScType[type]) return
  throw new Unreadable(`${label} is a ${TYPE_NAMES.get(found) ?? `type ${found}`}, not a ${type}`)
}

/** Deeper values are refused before they can exhaust the stack; the network's limit is lower. */
const MAX_DEPTH = 100

/** Skips a value of any type, with everything in it. */
export function skipValue(reader: XdrReader, depth = 0): void {
  if (depth > MAX_DEPTH) throw new Unreadable('XDR is nested too deeply')
  const type = reader.uint32()
  const width = WIDTHS[type]
  if (width !== undefined) return reader.skip(width)
  switch (type) {
    case ScType.bool:
      reader.flag()
      return
    case ScType.bytes:
    case ScType.string:
    case ScType.symbol:
      return reader.skipOpaque()
    case ScType.address:
      return skipAddress(reader)
    case ScType.vec:
      return skipValues(reader, readLength(reader), depth)
    case ScType.map:
      return skipValues(reader, 2 * readLength(reader), depth)
    default:
      throw new Unreadable(`ScVal of type ${type} is not known`)
  }
}

function skipValues(reader: XdrReader, count: number, depth: number): void {
  for (let left = count; left > 0; left -= 1) skipValue(reader, depth + 1)
}

function skipAddress(reader: XdrReader): void {
  const kind = reader.uint32()
  const width = ADDRESS_WIDTHS[kind]
  if (width === undefined) throw new Unreadable(`address of type ${kind} is not known`)
  reader.skip(width)
}

/** SCV_ERROR: its own type, and a code. */
const ERROR = 2

/** Bytes after the type, for the types of a fixed size. */
const WIDTHS: Readonly<Record<number, number>> = {
  [ScType.void]: 0,
  [ERROR]: 8,
  [ScType.u32]: 4,
  [ScType.i32]: 4,
  [ScType.u64]: 8,
  [ScType.i64]: 8,
  [ScType.timepoint]: 8,
  [ScType.duration]: 8,
  [ScType.u128]: 16,
  [ScType.i128]: 16,
  [ScType.u256]: 32,
  [ScType.i256]: 32,
}

/** Bytes after the kind: account, contract, muxed account, claimable balance, liquidity pool. */
const ADDRESS_WIDTHS: Readonly<Record<number, number>> = { 0: 36, 1: 32, 2: 40, 3: 36, 4: 32 }
