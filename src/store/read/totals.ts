import type { StreamStatus } from '../../domain/stream.ts'
import type { Sqlite } from '../sqlite.ts'

export type Side = 'sender' | 'recipient'

/** Sums over the streams of one status, in one token, on one side of an address. */
export interface Total {
  side: Side
  tokenAddress: string
  status: StreamStatus
  streams: number
  depositedAmount: bigint
  withdrawnAmount: bigint
}

/** Reads the sums that the writer keeps beside the streams. */
export function createTotals(sqlite: Sqlite): (address: string) => Total[] {
  const ofAddress = sqlite.prepare<[address: string], Row>(
    `select side, token_address as tokenAddress, status, streams,
       deposited_amount as deposited, withdrawn_amount as withdrawn
     from stream_totals where address = ? order by token_address, side, status`,
  )
  return (address) =>
    ofAddress.all(address).map(({ deposited, withdrawn, ...total }) => ({
      ...total,
      depositedAmount: BigInt(deposited),
      withdrawnAmount: BigInt(withdrawn),
    }))
}

type Row = Omit<Total, 'depositedAmount' | 'withdrawnAmount'> & {
  deposited: string
  withdrawn: string
}
