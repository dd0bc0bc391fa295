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

/** Sums over all streams of one status in one token. */
export type WholeTotal = Omit<Total, 'side'>

export interface Totals {
  ofAddress(address: string): Total[]
  ofAll(): WholeTotal[]
}

/** Reads the sums that the writer keeps beside the streams. */
export function createTotals(sqlite: Sqlite): Totals {
  const select = (sides: string) =>
    sqlite.prepare<[address: string], Row>(
      `select side, token_address as tokenAddress, status, streams,
         deposited_amount as deposited, withdrawn_amount as withdrawn
       from stream_totals where address = ? and side in (${sides})
       order by token_address, side, status`,
    )
  const ofSides = select("'sender', 'recipient'")
  // The sums over all streams are those of no address, on a side of their own.
  const whole = select("'all'")
  return {
    ofAddress: (address) => ofSides.all(address).map(fromRow),
    ofAll: () => whole.all('').map(fromRow),
  }
}

function fromRow({ deposited, withdrawn, ...total }: Row): Total {
  return { ...total, depositedAmount: BigInt(deposited), withdrawnAmount: BigInt(withdrawn) }
}

type Row = Omit<Total, 'depositedAmount' | 'withdrawnAmount'> & {
  deposited: string
  withdrawn: string
}
