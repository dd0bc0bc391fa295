import type { Budget, Rate, TakeRequest } from '../http/rate-limit.ts'

/**
 * A worker's end of the request count that its supervisor keeps for all workers. `ask` sends the
 * supervisor a question; without an answer the request passes, because its client did nothing
 * wrong. An address over its limit is not asked about again until its minute has passed: a flood of
 * requests does not reach the supervisor.
 */
export function createRemoteRate(
  ask: (address: string, budget: Budget) => Promise<Rate | undefined>,
  now: () => number = () => performance.now(),
): TakeRequest {
  const over = new Map<string, { rate: Rate; until: number }>()

  function knownOver(key: string): Rate | undefined {
    const known = over.get(key)
    if (known === undefined) return undefined
    const resetSeconds = Math.ceil((known.until - now()) / 1_000)
    if (resetSeconds > 0) return { ...known.rate, resetSeconds }
    over.delete(key)
    return undefined
  }

  function remember(key: string, rate: Rate): void {
    const time = now()
    for (const [other, { until }] of over) if (until <= time) over.delete(other)
    over.set(key, { rate, until: time + rate.resetSeconds * 1_000 })
  }

  return async (address, budget) => {
    const key = `${budget} ${address}`
    const known = knownOver(key)
    if (known !== undefined) return known
    const rate = await ask(address, budget)
    if (rate?.isOver) remember(key, rate)
    return rate
  }
}
