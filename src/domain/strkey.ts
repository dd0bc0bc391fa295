/**
 * Stellar's text form of account and contract addresses (SEP-23): base32 of a version byte, 32
 * bytes and a CRC-16. The SDK has this too, but takes longer to load than the whole daemon. The
 * tests compare the two.
 */

export type AddressKind = 'account' | 'contract'

/** The version byte gives the first letter, G or C. */
const VERSIONS: Readonly<Record<AddressKind, number>> = { account: 6 << 3, contract: 2 << 3 }
const SEED_VERSION = 18 << 3
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const KEY_BYTES = 32
const FORM = /^[GCS][A-Z2-7]{55}$/

/** The address of a 32-byte key. */
export function encodeAddress(kind: AddressKind, key: Uint8Array): string {
  const bytes = new Uint8Array(KEY_BYTES + 3)
  bytes[0] = VERSIONS[kind]
  bytes.set(key, 1)
  const checksum = crc16(bytes.subarray(0, KEY_BYTES + 1))
  bytes[KEY_BYTES + 1] = checksum & 0xff
  bytes[KEY_BYTES + 2] = checksum >> 8
  let text = ''
  // 35 bytes are exactly seven groups of 40 bits.
  for (let at = 0; at < bytes.length; at += 5) {
    const high = (bytes[at]! << 12) | (bytes[at + 1]! << 4) | (bytes[at + 2]! >> 4)
    const low = ((bytes[at + 2]! & 0xf) << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!
    for (const part of [high, low]) {
      for (let shift = 15; shift >= 0; shift -= 5) text += ALPHABET[(part >> shift) & 31]
    }
  }
  return text
}

/** The kind and key of an address; undefined if `text` is not an address. */
export function decodeAddress(text: string): { kind: AddressKind; key: Uint8Array } | undefined {
  const { version, key } = decode(text) ?? {}
  if (key === undefined) return undefined
  if (version === VERSIONS.account) return { kind: 'account', key }
  return version === VERSIONS.contract ? { kind: 'contract', key } : undefined
}

/** The seed of an account's secret key (S…); undefined if `text` is not a secret key. */
export function decodeSeed(text: string): Uint8Array | undefined {
  const { version, key } = decode(text) ?? {}
  return version === SEED_VERSION ? key : undefined
}

function decode(text: string): { version: number; key: Uint8Array } | undefined {
  if (!FORM.test(text)) return undefined
  const bytes = new Uint8Array(KEY_BYTES + 3)
  for (let at = 0, from = 0; at < bytes.length; at += 5, from += 8) {
    let group = 0
    for (let letter = from; letter < from + 8; letter += 1) {
      // The group has more than 32 bits, which shifts would cut off.
      group = group * 32 + ALPHABET.indexOf(text[letter]!)
    }
    for (let byte = 4; byte >= 0; byte -= 1) {
      bytes[at + byte] = group % 256
      group = Math.floor(group / 256)
    }
  }
  const checksum = bytes[KEY_BYTES + 1]! | (bytes[KEY_BYTES + 2]! << 8)
  if (crc16(bytes.subarray(0, KEY_BYTES + 1)) !== checksum) return undefined
  return { version: bytes[0]!, key: bytes.slice(1, KEY_BYTES + 1) }
}

export function isContractId(text: string): boolean {
  return decodeAddress(text)?.kind === 'contract'
}

/** CRC-16/XMODEM. */
function crc16(bytes: Uint8Array): number {
  let crc = 0
  for (const byte of bytes) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit += 1) {
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff
    }
  }
  return crc
}
