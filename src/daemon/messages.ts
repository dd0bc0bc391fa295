import type { FeedStats } from '../feed/feed.ts'
import type { MetricValues, Upstream } from '../http/status.ts'

/** What a worker and its supervisor say to each other. */

/** One process's part of an answer that is about all of them. */
export interface Part {
  /** Undefined where the process has no feed. */
  stats: FeedStats | undefined
  metrics: MetricValues[]
}

export type FromWorker =
  | { kind: 'ready'; url: string }
  | { kind: 'part'; question: number; part: Part }
  /** It was asked about all processes. */
  | { kind: 'gather'; question: number }

export type ToWorker =
  | { kind: 'upstream'; upstream: Upstream }
  | { kind: 'ask'; question: number }
  | { kind: 'gathered'; question: number; parts: Part[] }
  | { kind: 'close' }
