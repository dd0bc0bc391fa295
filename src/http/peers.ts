import type { MetricObjectWithValues, MetricValue } from 'prom-client'
import type { Feed } from '../feed/feed.ts'
import type { Operation, Outcome } from '../feed/operation.ts'
import type { FeedStats } from '../feed/stats.ts'

/** All processes that serve the same port, this one included. */
export interface Peers {
  stats(): Promise<FeedStats[]>
  metrics(): Promise<MetricObjectWithValues<MetricValue<string>>[][]>
  operate(operation: Operation): Promise<Outcomes>
}

/** What all processes did. */
export interface Outcomes {
  outcomes: Outcome[]
  /** How many processes did not answer. */
  missing: number
}

/** All processes of all nodes that serve, this one included. */
export interface Cluster {
  /** Of those that answer; undefined if the other nodes cannot be asked now. */
  stats(): Promise<FeedStats[] | undefined>
  operate(operation: Operation): Promise<Outcomes>
}

export interface OperateDeps {
  feed: Feed
  peers?: Peers
  /** Undefined on a single machine. */
  cluster?: Pick<Cluster, 'operate'>
}

/** Does what an operator asks, over all subscriptions, wherever they are held. */
export async function operateAll(
  { feed, peers, cluster }: OperateDeps,
  operation: Operation,
): Promise<Outcomes> {
  if (cluster !== undefined) return cluster.operate(operation)
  if (peers !== undefined) return peers.operate(operation)
  return { outcomes: [await feed.operate(operation)], missing: 0 }
}

export function countOf({ outcomes }: Outcomes): number {
  return outcomes.reduce((sum, { count }) => sum + count, 0)
}

export interface StatsDeps {
  feed: Feed
  peers?: Peers
  cluster?: Cluster
}

/** An address with subscriptions in several processes counts once in each of them. */
export function sumOf([first, ...others]: readonly FeedStats[]): FeedStats {
  const sum: FeedStats = { ...NONE, ...first }
  for (const stats of others) {
    for (const name of Object.keys(sum) as (keyof FeedStats)[]) sum[name] += stats[name]
  }
  return sum
}

const NONE: FeedStats = {
  activeConnections: 0,
  maxConnections: 0,
  activeIps: 0,
  perIpPeakConnections: 0,
  live: 0,
  replaying: 0,
  stalled: 0,
  eventsPerSecond: 0,
}
