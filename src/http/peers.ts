import type { FeedStats } from '../feed/stats.ts'
import type { MetricValues } from '../metrics/metrics.ts'

/** All processes that serve the same port, this one included. */
export interface Peers {
  stats(): Promise<FeedStats[]>
  metrics(): Promise<MetricValues[][]>
}
