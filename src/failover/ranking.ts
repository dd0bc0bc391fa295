import type { PageStart } from '../source/source.ts'
import type { Endpoint } from './endpoint/endpoint.ts'

/** Which endpoints are asked, and in which order. */
export interface Ranking {
  /** The endpoints that the last page came from. */
  serving(): readonly Endpoint[]
  isServing(endpoint: Endpoint): boolean
  serve(endpoints: readonly Endpoint[]): void
  /** The next page would be asked of this endpoint, so it needs no probe. */
  isInUse(endpoint: Endpoint, needed: number): boolean
  createQueue(options: QueueOptions): Queue
}

export interface QueueOptions {
  /** How many answers the call needs. */
  needed: number
  /** Of the page that is asked for. */
  start?: PageStart
  /** Whether an endpoint that is set aside may be asked if all are; by default, if it is due. */
  mayTry?: (endpoint: Endpoint) => boolean
}

/** The next endpoint to ask in one call. `promising`: how many have answered or still may. */
export type Queue = (promising: number) => Endpoint | undefined

export function createRanking(endpoints: readonly Endpoint[]): Ranking {
  let serving: readonly Endpoint[] = []

  /**
   * The lowest rank is asked first; equal ranks keep the operator's order. An endpoint that lags is
   * worse than one that has just failed: it holds the log back for as long as it is asked.
   */
  function rank(endpoint: Endpoint, start: PageStart | undefined): number {
    if (start !== undefined && endpoint.ledgers.lacks(start)) return 4
    if (endpoint.ledgers.lags()) return 3
    if (endpoint.health.isTrusted()) return 0
    return serving.includes(endpoint) ? 1 : 2
  }

  function ranked({ start, mayTry = isDue }: Omit<QueueOptions, 'needed'> = {}): Endpoint[] {
    const usable = endpoints.filter((endpoint) => endpoint.aside() === undefined)
    if (usable.length === 0) return endpoints.filter(mayTry)
    return usable.toSorted((a, b) => rank(a, start) - rank(b, start))
  }

  return {
    serving: () => serving,
    isServing: (endpoint) => serving.includes(endpoint),
    serve(chosen) {
      serving = chosen
    },
    isInUse(endpoint, needed) {
      const next = serving.length > 0 ? serving : ranked().slice(0, needed)
      return next.includes(endpoint)
    },

    /**
     * Endpoints that cool down are skipped while the others can still give the `needed` answers.
     * If they cannot, the endpoint with the shortest time left is asked early. An endpoint that
     * asked for the pause itself is left alone, unless all of them did.
     */
    createQueue({ needed, ...options }) {
      const asked = new Set<Endpoint>()
      let askedEarly = 0

      return (promising) => {
        const left = ranked(options).filter((endpoint) => !asked.has(endpoint))
        let next = left.find(({ health }) => health.coolingMs() === 0)
        if (next === undefined && promising < needed && askedEarly < needed) {
          askedEarly += 1
          next = leastCooling(left, ranked(options))
        }
        if (next !== undefined) asked.add(next)
        return next
      }
    },
  }
}

function leastCooling(left: readonly Endpoint[], all: readonly Endpoint[]): Endpoint | undefined {
  const candidates = all.some(mayBeAsked) ? left.filter(mayBeAsked) : left
  return candidates.toSorted((a, b) => a.health.coolingMs() - b.health.coolingMs())[0]
}

function mayBeAsked({ health }: Endpoint): boolean {
  return health.askedToWaitMs() === 0
}

export function isDue(endpoint: Endpoint): boolean {
  return endpoint.aside()?.isDue ?? false
}
