import type { EndpointStatus, SourceCounters } from '../domain/upstream.ts'
import type { ChainMemory, LedgerSource } from '../source/source.ts'
import { createLookups } from './lookups.ts'
import { createPages } from './pages.ts'
import { createPool } from './pool.ts'
import type { PoolOptions } from './pool.ts'

/**
 * Several RPC endpoints, in order of preference, as one source. Ledgers are final, so any endpoint
 * of the network may answer any call. Endpoints differ in whether they answer, how fast, and which
 * ledgers they have.
 *
 * One call asks the best endpoint. If it fails, or takes longer than usual, the next one is asked
 * in the same call. A page keeps the tip of its own endpoint: with a higher tip, a caller would ask
 * without pause for ledgers that this endpoint does not have.
 *
 * - pool.ts           the endpoints, and what all calls share
 * - pages.ts          pages: counts the changes from one endpoint to another
 * - agreement.ts      which page is accepted when two endpoints must agree; compare-pages.ts
 * - lookups.ts        all other calls; ranges.ts for the ledgers that the endpoints have
 * - race.ts           one question to several endpoints
 * - ranking.ts        which endpoints are asked, and in which order
 * - all-failed.ts     the error if none could answer; whether ledgers are lost (promise P3)
 * - probes.ts         calls to endpoints that are not in use, to learn when they are good again
 * - tips.ts           the newest ledger of the network
 * - watchdog.ts, timers.ts   time limits; time and chance
 * - endpoint/         one endpoint, and what is known about it
 */
export interface FailoverSource extends LedgerSource {
  /** In order of preference. */
  endpoints(): EndpointStatus[]
  counters(): SourceCounters
  /** Ends the probes. */
  close(): Promise<void>
}

export type FailoverOptions = PoolOptions & Partial<ChainMemory>

export function createFailoverSource(options: FailoverOptions): FailoverSource {
  const { anchors = () => [], checkpoint = () => undefined } = options
  let memory: ChainMemory = { anchors, checkpoint }
  const pool = createPool(options, {
    anchors: () => memory.anchors(),
    checkpoint: () => memory.checkpoint(),
  })
  const { endpoints } = pool
  const pages = createPages(pool)
  return {
    ...createLookups(pool),
    page: pages.page,
    compareWith(chain) {
      memory = chain
      for (const endpoint of endpoints) endpoint.doubt()
    },
    endpoints: () => endpoints.map((endpoint) => endpoint.status()),
    counters: () => ({
      ...pages.counters(),
      endpoints: endpoints.map((endpoint) => endpoint.counters()),
    }),
    close: pool.probes.close,
  }
}
