import type { Logger } from 'pino'
import type { ChainMemory, LedgerSource } from '../source/source.ts'
import { createEndpoint } from './endpoint/endpoint.ts'
import type { Endpoint } from './endpoint/endpoint.ts'
import { createProbes } from './probes.ts'
import type { Probes } from './probes.ts'
import { createRanking } from './ranking.ts'
import type { Ranking } from './ranking.ts'
import { createTimers } from './timers.ts'
import type { Timers } from './timers.ts'
import { createTips } from './tips.ts'
import type { Tips } from './tips.ts'

/** The endpoints, and what all calls to them share. */
export interface Pool {
  /** In order of preference. */
  endpoints: readonly Endpoint[]
  ranking: Ranking
  probes: Probes
  tips: Tips
  /** How many endpoints must return the same page. */
  needed: 1 | 2
  networkPassphrase: string
  patienceMs: number
  callTimeoutMs: number
  timers: Timers
  log: Logger
}

export interface PoolOptions extends Partial<Timers> {
  /** In order of preference; names have their credentials redacted. */
  endpoints: readonly { name: string; source: LedgerSource }[]
  networkPassphrase: string
  contractId: string
  /** How many endpoints must return the same page. */
  agreement?: 1 | 2
  log: Logger
  /** Limit of one call to one endpoint; longer than the source's own time-outs with its retries. */
  callTimeoutMs: number
  /** The least time that one endpoint has before another is asked as well. */
  patienceMs?: number
}

const PATIENCE_MS = 2_000

export function createPool(options: PoolOptions, memory: ChainMemory): Pool {
  const { networkPassphrase, contractId, callTimeoutMs, log } = options
  const { agreement: needed = 1, patienceMs = PATIENCE_MS } = options
  const timers = createTimers(options)
  const tips = createTips()
  const isAlone = options.endpoints.length === 1
  const shared = { networkPassphrase, contractId, callTimeoutMs, log, timers, tips }
  const endpoints = options.endpoints.map(({ name, source }) =>
    createEndpoint({ ...shared, name, source, memory, isAlone }),
  )
  const ranking = createRanking(endpoints)
  const isInUse = (endpoint: Endpoint) => ranking.isInUse(endpoint, needed)
  const probes = createProbes({ endpoints, isInUse, timers })
  const settings = { needed, networkPassphrase, patienceMs, callTimeoutMs, timers, log }
  return { endpoints, ranking, probes, tips, ...settings }
}
