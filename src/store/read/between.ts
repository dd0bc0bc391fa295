import { claimable, statusOf } from '../../domain/stream.ts'
import type { Stream } from '../../domain/stream.ts'
import type { StreamPage, StreamQuery } from './stream-list.ts'
import type { Side, Total } from './totals.ts'

/** Sums over some of the streams of an address. */
export interface Sums {
  totals: Total[]
  /** What can be withdrawn, by side and token. */
  claimable: Record<Side, Map<string, bigint>>
}

const STREAMS_PER_PAGE = 200

/**
 * Adds up the streams between an address and a party, as seen from the address. They are read one
 * by one, in steps, because the sums that are kept beside the streams are those with all parties.
 */
export function createBetween(
  list: (query: StreamQuery) => Generator<void, StreamPage>,
): (address: string, party: string, time: number) => Generator<void, Sums> {
  return function* (address, party, time) {
    const sums: Sums = { totals: [], claimable: { sender: new Map(), recipient: new Map() } }
    for (const side of ['recipient', 'sender'] as const) {
      const [sender, recipient] = side === 'sender' ? [address, party] : [party, address]
      const query = { sender, recipient, party, sort: 'created', order: 'asc' } as const
      let after: StreamQuery['after']
      do {
        const page: StreamPage = yield* list({ ...query, limit: STREAMS_PER_PAGE, after })
        for (const stream of page.streams) add(sums, { side, stream, time: BigInt(time) })
        after = page.next
        yield
      } while (after !== undefined)
    }
    sums.totals.sort((a, b) => (a.tokenAddress < b.tokenAddress ? -1 : 1))
    return sums
  }
}

function add(sums: Sums, part: { side: Side; stream: Stream; time: bigint }): void {
  const { side, stream, time } = part
  const { tokenAddress, depositedAmount, withdrawnAmount } = stream
  const status = statusOf(stream)
  let total = sums.totals.find(
    (each) => each.side === side && each.tokenAddress === tokenAddress && each.status === status,
  )
  if (total === undefined) {
    total = { side, tokenAddress, status, streams: 0, depositedAmount: 0n, withdrawnAmount: 0n }
    sums.totals.push(total)
  }
  total.streams += 1
  total.depositedAmount += depositedAmount
  total.withdrawnAmount += withdrawnAmount
  const amounts = sums.claimable[side]
  amounts.set(tokenAddress, (amounts.get(tokenAddress) ?? 0n) + claimable(stream, time))
}
