import type { Fault } from '../domain/faults.ts'
import type { FeedStats } from '../feed/stats.ts'
import type { SourceCounters, Upstream } from '../domain/upstream.ts'
import type { Rate } from '../http/rate-limit.ts'
import type { MetricValues } from '../metrics/metrics.ts'

/**
 * What a process says to the workers and to the indexing thread that it has started, and they to
 * it. Workers serve, the thread indexes; everything is data, so that it can be copied.
 */

/** One process's part of an answer that is about all of them. */
export interface Part {
  /** Undefined where the process has no feed. */
  stats: FeedStats | undefined
  metrics: MetricValues[]
}

/** What the serving half must know of the indexing half. */
export interface IndexingStatus {
  upstream: Upstream
  counters: SourceCounters | undefined
}

/** An error, taken apart. */
export interface Failure {
  /** A mistake in the configuration or the arguments. */
  usage: boolean
  message: string
  stack: string | undefined
}

export type FromWorker =
  | { kind: 'ready'; url: string }
  | { kind: 'part'; question: number; part: Part }
  /** It was asked about all processes. */
  | { kind: 'gather'; question: number }
  /** A request of this address is to be counted. */
  | { kind: 'take'; question: number; address: string }

export type ToWorker =
  | { kind: 'upstream'; upstream: Upstream }
  | { kind: 'ask'; question: number }
  | { kind: 'gathered'; question: number; parts: Part[] }
  | { kind: 'taken'; question: number; rate: Rate | undefined }
  | { kind: 'close' }

export type FromThread =
  /** The database is open. */
  | { kind: 'opened' }
  | { kind: 'status'; status: IndexingStatus }
  | { kind: 'committed' }
  | { kind: 'applied'; seconds: number }
  | { kind: 'fault'; fault: Fault }
  /** Indexing has ended as it was told to. */
  | { kind: 'ended' }
  | { kind: 'failed'; failure: Failure }

export type ToThread =
  | { kind: 'open' }
  | { kind: 'run' }
  /** Stop indexing. */
  | { kind: 'stop' }
  /** Close the database and end. */
  | { kind: 'close' }
