import { encodeAddress as encodeStrkey } from '../domain/strkey.ts'

/**
 * Reads XDR from its base64, one value after the other. It knows only the forms that event data is
 * made of, because decoding is the hot path of ingestion: the SDK's decoder builds an object for
 * every node and takes several times as long. The tests compare the two. Data that cannot be read
 * throws `Unreadable`.
 */
export interface XdrReader {
  uint32(): number
  uint64(): bigint
  int128(): bigint
  /** A bool, or whether an optional value follows: both are written in the same way. */
  flag(): boolean
  text(): string
  address(): string
  /** Skips `length` bytes. */
  skip(length: number): void
  /** Skips bytes that their own length precedes. */
  skipOpaque(): void
  /** Throws if bytes follow the last value. */
  end(): void
}

/** Why data from the chain could not be read. It never leaves this folder. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable'
}

/** Addresses repeat, since one party has many events. The cache is emptied at this size. */
const MAX_ADDRESSES = 50_000

export type OpenXdr = (base64: string) => XdrReader

/** Readers that share a cache of addresses. */
export function createXdrReaders(): OpenXdr {
  const encodeAddress = createAddressEncoder()
  return (base64) => createXdrReader(decodeBase64(base64), encodeAddress)
}

type AddressEncoder = (kind: number, key: Buffer) => string

function createAddressEncoder(): AddressEncoder {
  const cache = new Map<string, string>()
  return (kind, key) => {
    const name = kind + key.toString('latin1')
    const known = cache.get(name)
    if (known !== undefined) return known
    if (cache.size >= MAX_ADDRESSES) cache.clear()
    const encoded = encodeStrkey(kind === 0 ? 'account' : 'contract', key)
    cache.set(name, encoded)
    return encoded
  }
}

function createXdrReader(bytes: Buffer, encodeAddress: AddressEncoder): XdrReader {
  let at = 0

  function take(length: number): number {
    const start = at
    if (length > bytes.length - at) throw new Unreadable('XDR ends too early')
    at += length
    return start
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
  /** Where the content starts; its end is `start + length`, before the padding. */
  function opaque(length: number): number {
    const start = take(length)
    for (let pad = take((4 - (length % 4)) % 4); pad < at; pad += 1) {
      if (bytes[pad] !== 0) throw new Unreadable('XDR padding is not zero')
    }
    return start
  }

  return {
    uint32,
    uint64,
    int128: () => (bytes.readBigInt64BE(take(8)) << 64n) | uint64(),
    flag,
    text() {
      const length = uint32()
      const start = opaque(length)
      return bytes.toString('utf8', start, start + length)
    },
    address() {
      const kind = uint32()
      if (kind === 0 && uint32() !== 0) throw new Unreadable('public key of an unknown type')
      if (kind > 1) {
        throw new Unreadable(`address of type ${kind} is neither an account nor a contract`)
      }
      const start = take(32)
      return encodeAddress(kind, bytes.subarray(start, start + 32))
    },
    skip: take,
    skipOpaque: () => opaque(uint32()),
    end() {
      const left = bytes.length - at
      if (left > 0) throw new Unreadable(`${left} bytes after the XDR value`)
    },
  }
}

/** `Buffer.from` skips invalid base64 silently; the length check catches it. */
function decodeBase64(base64: string): Buffer {
  const bytes = Buffer.from(base64, 'base64')
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0
  if (base64.length % 4 !== 0 || bytes.length !== (base64.length / 4) * 3 - padding) {
    throw new Unreadable('not base64')
  }
  return bytes
}
