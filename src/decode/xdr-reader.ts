import { encodeAddress as encodeStrkey } from '../domain/strkey.ts'

/**
 * A reader over the binary XDR of an ScVal: exactly the arms that event data is made of, on the
 * hot path of ingestion. The SDK's decoder builds an object per node and costs several times as
 * much; it stays the oracle in the tests. Every refusal is an `Unreadable`, foreign data being a
 * value here and never an error of ours.
 */
export interface XdrReader {
  /** Discriminant of the next ScVal. */
  type(): number
  uint32(): number
  int32(): number
  uint64(): bigint
  int64(): bigint
  int128(): bigint
  /** Whether an optional value is there; a bool is written alike. */
  flag(): boolean
  text(): string
  address(): string
  /** Walks over a whole ScVal, its discriminant included. */
  skip(): void
  /** Refuses bytes after the value. */
  end(): void
}

/** ScVal discriminants (Stellar-contract.x, enum SCValType). */
export const ScType = {
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

/** Why foreign data could not be read. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable'
}

/** Nesting beyond this is refused before the stack could be; the network's own limit is lower. */
const MAX_DEPTH = 100
/** Addresses repeat: a party is in many events. Past this many the memory is started afresh. */
const MAX_ADDRESSES = 50_000

export type AddressEncoder = (kind: number, key: Buffer) => string

/** Encodes strkeys, remembering the ones it has seen. */
export function createAddressEncoder(): AddressEncoder {
  const seen = new Map<string, string>()
  return (kind, key) => {
    const name = kind + key.toString('latin1')
    const known = seen.get(name)
    if (known !== undefined) return known
    if (seen.size >= MAX_ADDRESSES) seen.clear()
    const encoded = encodeStrkey(kind === 0 ? 'account' : 'contract', key)
    seen.set(name, encoded)
    return encoded
  }
}

export function createXdrReader(base64: string, encodeAddress: AddressEncoder): XdrReader {
  const bytes = Buffer.from(base64, 'base64')
  // Buffer skips what is not base64; a length that does not fit betrays it.
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0
  if (base64.length % 4 !== 0 || bytes.length !== (base64.length / 4) * 3 - padding) {
    throw new Unreadable('not base64')
  }
  let at = 0

  function take(length: number): number {
    const start = at
    if (length > bytes.length - at) throw new Unreadable('XDR ends too early')
    at += length
    return start
  }
  function opaque(): [number, number] {
    const length = uint32()
    const start = take(length)
    for (let pad = take((4 - (length % 4)) % 4); pad < at; pad += 1) {
      if (bytes[pad] !== 0) throw new Unreadable('XDR padding is not zero')
    }
    return [start, start + length]
  }
  function uint32(): number {
    return bytes.readUInt32BE(take(4))
  }
  function uint64(): bigint {
    return bytes.readBigUInt64BE(take(8))
  }
  function flag(): boolean {
    const value = uint32()
    if (value > 1) throw new Unreadable(`${value} is neither true nor false`)
    return value === 1
  }
  function address(): string {
    const kind = uint32()
    if (kind === 0 && uint32() !== 0) throw new Unreadable('public key of an unknown type')
    if (kind > 1)
      throw new Unreadable(`address of type ${kind} is neither an account nor a contract`)
    const start = take(32)
    return encodeAddress(kind, bytes.subarray(start, start + 32))
  }
  function items(step: () => void): void {
    if (!flag()) return
    for (let left = uint32(); left > 0; left -= 1) step()
  }
  function skip(depth = 0): void {
    if (depth > MAX_DEPTH) throw new Unreadable('XDR is nested too deeply')
    const type = uint32()
    const width = WIDTHS[type]
    if (width !== undefined) {
      take(width)
      return
    }
    switch (type) {
      case ScType.bool:
        flag()
        return
      case ScType.bytes:
      case ScType.string:
      case ScType.symbol:
        opaque()
        return
      case ScType.address:
        skipAddress()
        return
      case ScType.vec:
        items(() => skip(depth + 1))
        return
      case ScType.map:
        items(() => {
          skip(depth + 1)
          skip(depth + 1)
        })
        return
      default:
        throw new Unreadable(`ScVal of type ${type} is not known`)
    }
  }
  function skipAddress(): void {
    const kind = uint32()
    const width = ADDRESS_WIDTHS[kind]
    if (width === undefined) throw new Unreadable(`address of type ${kind} is not known`)
    take(width)
  }

  return {
    type: uint32,
    uint32,
    int32: () => bytes.readInt32BE(take(4)),
    uint64,
    int64: () => bytes.readBigInt64BE(take(8)),
    int128: () => (bytes.readBigInt64BE(take(8)) << 64n) | uint64(),
    flag,
    text: () => {
      const [start, end] = opaque()
      return bytes.toString('utf8', start, end)
    },
    address,
    skip: () => skip(),
    end: () => {
      if (at !== bytes.length)
        throw new Unreadable(`${bytes.length - at} bytes after the XDR value`)
    },
  }
}

/** Bytes after the discriminant of the arms of fixed size. */
const WIDTHS: Readonly<Record<number, number>> = {
  [ScType.void]: 0,
  // An error is a type and a code, whichever its type.
  2: 8,
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

/** Account, contract, muxed account, claimable balance, liquidity pool. */
const ADDRESS_WIDTHS: Readonly<Record<number, number>> = { 0: 36, 1: 32, 2: 40, 3: 36, 4: 32 }
