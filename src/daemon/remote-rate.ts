import type { Rate, TakeRequest } from '../http/rate-limit.ts'

/** Without an answer in this time a request is let through: it is not its client's fault. */
const PATIENCE_MS = 1_000

/** A worker's end of the count that its supervisor keeps for all workers. */
export interface RemoteRate {
  takeRequest: TakeRequest
  /** The supervisor's answer to a question. */
  answered(question: number, rate: Rate | undefined): void
}

/**
 * `ask` sends the supervisor a question. An address that is over its limit is not asked about again
 * until its minute has passed: a flood of requests ends here.
 */
export function createRemoteRate(
  ask: (question: number, address: string) => void,
  now: () => number = () => performance.now(),
): RemoteRate {
  const waiting = new Map<number, (rate: Rate | undefined) => void>()
  const over = new Map<string, { rate: Rate; until: number }>()
  let questions = 0

  function knownOver(address: string): Rate | undefined {
    const known = over.get(address)
    if (known === undefined) return undefined
    const resetSeconds = Math.ceil((known.until - now()) / 1_000)
    if (resetSeconds > 0) return { ...known.rate, resetSeconds }
    over.delete(address)
    return undefined
  }

  function remember(address: string, rate: Rate): void {
    const time = now()
    for (const [other, { until }] of over) if (until <= time) over.delete(other)
    over.set(address, { rate, until: time + rate.resetSeconds * 1_000 })
  }

  return {
    async takeRequest(address) {
      const known = knownOver(address)
      if (known !== undefined) return known
      const question = (questions += 1)
      const { promise, resolve } = Promise.withResolvers<Rate | undefined>()
      waiting.set(question, resolve)
      const late = setTimeout(() => resolve(undefined), PATIENCE_MS)
      ask(question, address)
      const rate = await promise
      clearTimeout(late)
      waiting.delete(question)
      if (rate?.isOver) remember(address, rate)
      return rate
    },
    answered: (question, rate) => waiting.get(question)?.(rate),
  }
}
