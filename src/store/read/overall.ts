import type { StreamStatus } from '../../domain/stream.ts'
import type { createBetween } from './between.ts'
import type { Claimable } from './claimable.ts'
import type { Totals, WholeTotal } from './totals.ts'

/** Sums over all visible streams in one token. */
export interface TokenSums {
  tokenAddress: string
  /** How many streams have each status; one that no stream has is left out. */
  streams: Partial<Record<StreamStatus, number>>
  depositedAmount: bigint
  withdrawnAmount: bigint
  /** What the contract still holds for streams that have not ended. */
  lockedAmount: bigint
  claimableAmount: bigint
}

export interface OverallDeps {
  totals: Totals
  claimable: Claimable
  between: ReturnType<typeof createBetween>
}

/** Adds up all streams, or those of a party, by token, at a time (Unix seconds). */
export type Overall = (party: string | undefined, time: number) => Generator<void, TokenSums[]>

export function createOverall({ totals, claimable, between }: OverallDeps): Overall {
  return function* (party, time) {
    const sums = createSums()
    if (party === undefined) {
      for (const total of totals.ofAll()) sums.add(total, 1n)
      sums.addClaimable(yield* claimable.ofAll(time), 1n)
      return sums.list()
    }
    const own = yield* claimable.ofAddress(party, time)
    for (const total of totals.ofAddress(party)) sums.add(total, 1n)
    for (const side of [own.sender, own.recipient]) sums.addClaimable(side, 1n)
    // Streams of the party to itself were counted on both sides.
    const both = yield* between(party, party, time)
    for (const total of both.totals) if (total.side === 'sender') sums.add(total, -1n)
    sums.addClaimable(both.claimable.sender, -1n)
    return sums.list()
  }
}

function createSums() {
  const byToken = new Map<string, TokenSums>()

  function of(tokenAddress: string): TokenSums {
    const known = byToken.get(tokenAddress)
    if (known !== undefined) return known
    const none = { depositedAmount: 0n, withdrawnAmount: 0n, lockedAmount: 0n, claimableAmount: 0n }
    const sums: TokenSums = { tokenAddress, streams: {}, ...none }
    byToken.set(tokenAddress, sums)
    return sums
  }

  return {
    add(total: WholeTotal, sign: 1n | -1n): void {
      const { tokenAddress, status, streams, depositedAmount, withdrawnAmount } = total
      const sums = of(tokenAddress)
      sums.streams[status] = (sums.streams[status] ?? 0) + Number(sign) * streams
      sums.depositedAmount += sign * depositedAmount
      sums.withdrawnAmount += sign * withdrawnAmount
      if (status === 'active' || status === 'paused') {
        sums.lockedAmount += sign * (depositedAmount - withdrawnAmount)
      }
    },
    addClaimable(amounts: ReadonlyMap<string, bigint>, sign: 1n | -1n): void {
      for (const [token, amount] of amounts) of(token).claimableAmount += sign * amount
    },
    list: () =>
      [...byToken.values()].toSorted((a, b) => (a.tokenAddress < b.tokenAddress ? -1 : 1)),
  }
}
