import type { Feed } from '../feed/feed.ts'
import type { Operation, Outcome } from '../feed/operation.ts'
import type { FeedStats } from '../feed/stats.ts'
import type { MetricValues } from '../metrics/metrics.ts'

/** All processes that serve the same port, this one included. */
export interface Peers {
  stats(): Promise<FeedStats[]>
  metrics(): Promise<MetricValues[][]>
  operate(operation: Operation): Promise<Outcomes>
}

/** What all processes did. */
export interface Outcomes {
  outcomes: Outcome[]
  /** How many processes did not answer. */
  missing: number
}

export interface OperateDeps {
  feed: Feed
  peers?: Peers
}

/** Does what an operator asks, over all subscriptions, wherever they are held. */
export async function operateAll(
  { feed, peers }: OperateDeps,
  operation: Operation,
): Promise<Outcomes> {
  if (peers !== undefined) return peers.operate(operation)
  return { outcomes: [await feed.operate(operation)], missing: 0 }
}

export function countOf({ outcomes }: Outcomes): number {
  return outcomes.reduce((sum, { count }) => sum + count, 0)
}
