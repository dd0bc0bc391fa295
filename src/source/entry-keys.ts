import { decodeAddress } from '../domain/strkey.ts'

/** Base64 LedgerKeys of the contract's entries. A source returns the entries for them. */
export interface EntryKeys {
  /** The contract itself, with its instance storage. */
  instance: string
  /** These two are entries of their own in some contracts; in others, parts of the instance. */
  streamCounter: string
  protocolConfig: string
  stream(streamId: bigint): string
}

const CONTRACT_DATA = 6
const CONTRACT_ADDRESS = 1
const PERSISTENT = 1
const SCV_U64 = 5
const SCV_SYMBOL = 15
const SCV_VEC = 16
const SCV_LEDGER_KEY_CONTRACT_INSTANCE = 20

/** Throws if `contractId` is not the id of a contract. */
export function createEntryKeys(contractId: string): EntryKeys {
  const contract = decodeAddress(contractId)
  if (contract?.kind !== 'contract') throw new Error(`"${contractId}" is not a contract id`)
  const head = Buffer.concat([uint32(CONTRACT_DATA), uint32(CONTRACT_ADDRESS), contract.key])
  const encode = (...value: Buffer[]) =>
    Buffer.concat([head, ...value, uint32(PERSISTENT)]).toString('base64')
  return {
    instance: encode(uint32(SCV_LEDGER_KEY_CONTRACT_INSTANCE)),
    streamCounter: encode(vec(symbol('StreamCounter'))),
    protocolConfig: encode(vec(symbol('ProtocolConfig'))),
    stream: (streamId) => encode(vec(symbol('Stream'), uint64(streamId))),
  }
}

function vec(...values: Buffer[]): Buffer {
  // A vector is optional in XDR, so a flag comes before its length.
  return Buffer.concat([uint32(SCV_VEC), uint32(1), uint32(values.length), ...values])
}

function symbol(name: string): Buffer {
  const padded = Buffer.alloc(Math.ceil(name.length / 4) * 4)
  padded.write(name, 'latin1')
  return Buffer.concat([uint32(SCV_SYMBOL), uint32(name.length), padded])
}

function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return Buffer.concat([uint32(SCV_U64), bytes])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
