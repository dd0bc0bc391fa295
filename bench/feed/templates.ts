import { Address, nativeToScVal } from '@stellar/stellar-sdk'
import type { RawEvent } from '../../src/domain/event.ts'

const CREATOR = 'GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN'

/**
 * `stream.created` events as the contract emits them, for any stream. They are encoded once; then only
 * the stream's id in the bytes changes.
 */
export function createTemplates(
  contractId: string,
): (ledger: number, index: number, streamId: number) => RawEvent {
  const MARK = 0x1122334455667788n
  const symbol = nativeToScVal('stream_created', { type: 'symbol' }).toXdr('base64')
  const topic = marked(nativeToScVal(MARK, { type: 'u64' }).toXdr('base64'))
  const fields = {
    deposited_amount: nativeToScVal(1_000_000n, { type: 'i128' }),
    rate_per_second: nativeToScVal(1n, { type: 'i128' }),
    recipient: new Address(CREATOR).toScVal(),
    sender: new Address(CREATOR).toScVal(),
    start_time: nativeToScVal(1_700_000_000n, { type: 'u64' }),
    stream_id: nativeToScVal(MARK, { type: 'u64' }),
    token_address: new Address(contractId).toScVal(),
  }
  const value = marked(
    nativeToScVal(fields, {
      type: Object.fromEntries(Object.keys(fields).map((name) => [name, ['symbol', null]])),
    }).toXdr('base64'),
  )

  /** The bytes, and where the id is in them. */
  function marked(base64: string) {
    const bytes = Buffer.from(base64, 'base64')
    const mark = Buffer.alloc(8)
    mark.writeBigUInt64BE(MARK)
    return { bytes, at: bytes.indexOf(mark) }
  }

  function withId({ bytes, at }: ReturnType<typeof marked>, id: bigint): string {
    bytes.writeBigUInt64BE(id, at)
    return bytes.toString('base64')
  }

  return (ledger, index, streamId) => {
    const id = BigInt(streamId)
    const toid = (BigInt(ledger) << 32n) + (1n << 12n)
    return {
      id: `${toid.toString().padStart(19, '0')}-${index.toString().padStart(10, '0')}`,
      type: 'contract',
      contractId,
      ledger,
      timestamp: ledger * 5,
      transactionHash: 'ab'.repeat(32),
      topics: [symbol, withId(topic, id)],
      value: withId(value, id),
    }
  }
}
