import type { Fault } from '../domain/faults.ts'
import type { Place } from '../domain/places.ts'
import type { TokenMetadata } from '../domain/token.ts'
import type { SourceCounters, Upstream } from '../domain/upstream.ts'
import type { Operation, Outcome } from '../feed/operation.ts'
import type { FeedStats } from '../feed/stats.ts'
import type { Outcomes } from '../http/peers.ts'
import type { Budget, Rate } from '../http/rate-limit.ts'
import type { MetricValues } from '../metrics/metrics.ts'
import type { CopiedError } from './copied-error.ts'
import type { VaultAnswer, VaultRequest } from './remote-vault.ts'

/**
 * The messages between the main thread and what it has started: the indexing thread, and with
 * `--workers` the processes that serve. Everything is plain data, so that it can be copied. An
 * answer repeats the number of its question.
 */

/** What one process adds to an answer about all processes. */
export interface ProcessReport {
  /** Undefined if the process has no feed. */
  stats: FeedStats | undefined
  metrics: MetricValues[]
}

/** What the serving half needs to know about the indexing half. */
export interface IndexingStatus {
  upstream: Upstream
  counters: SourceCounters
}

export type FromWorker =
  | { kind: 'ready'; url: string }
  | { kind: 'report'; question: number; report: ProcessReport }
  /** Asks for the reports of all processes. */
  | { kind: 'gather'; question: number }
  /** Asks to count a request of this address. */
  | { kind: 'take'; question: number; address: string; budget: Budget }
  | { kind: 'vault'; question: number; request: VaultRequest }
  /** Asks for a place under each key, under the number of the question. */
  | { kind: 'places'; question: number; wanted: readonly Place[] }
  | { kind: 'release'; id: number }
  /** Asks what a token says about itself. */
  | { kind: 'token'; question: number; address: string }
  /** Asks all processes to do what an operator wants. */
  | { kind: 'operate'; question: number; operation: Operation }
  | { kind: 'outcome'; question: number; outcome: Outcome }

export type ToWorker =
  | { kind: 'upstream'; upstream: Upstream }
  /** Asks for a report. */
  | { kind: 'ask'; question: number }
  | { kind: 'gathered'; question: number; reports: ProcessReport[] }
  | { kind: 'taken'; question: number; rate: Rate | undefined }
  | { kind: 'vault'; question: number; answer: VaultAnswer }
  /** `full`: the first key that has no place; undefined if all were taken. */
  | { kind: 'places'; question: number; full: string | undefined }
  | { kind: 'token'; question: number; token: TokenMetadata | undefined }
  | { kind: 'operate'; question: number; operation: Operation }
  | { kind: 'outcomes'; question: number; outcomes: Outcomes }
  | { kind: 'close' }

export type FromThread =
  /** The database is open. */
  | { kind: 'opened' }
  | { kind: 'status'; status: IndexingStatus }
  | { kind: 'committed' }
  | { kind: 'applied'; seconds: number }
  | { kind: 'fault'; fault: Fault }
  | { kind: 'token'; question: number; token: TokenMetadata | undefined }
  /** Indexing has stopped after `stop` or `close`. */
  | { kind: 'ended' }
  | { kind: 'failed'; error: CopiedError }

export type ToThread =
  /** `port`: where this process serves. */
  | { kind: 'open'; port: number }
  | { kind: 'run' }
  /** Asks what a token says about itself. */
  | { kind: 'token'; question: number; address: string }
  /** Let another node lead. */
  | { kind: 'retire' }
  /** Stop indexing. */
  | { kind: 'stop' }
  /** Close the database and end. */
  | { kind: 'close' }
