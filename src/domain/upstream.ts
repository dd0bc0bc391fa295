import type { Fault } from './faults.ts'
import type { NodeStatus } from './node-status.ts'

/**
 * What the indexing process knows about its RPCs and its audits, as plain data: it is copied
 * between threads and processes, and shown by `/status`, `/ready`, `/audit` and `/metrics`.
 */
export interface Upstream {
  endpoints: EndpointStatus[]
  /** Why ingestion cannot continue until a person acts; null if it can. */
  alarm: string | null
  /** How long the tip has not moved, by our own clock; undefined before an RPC has answered. */
  tipStillForMs: number | undefined
  audit: AuditStatus
  /** Undefined on a single machine. */
  node?: NodeStatus | undefined
}

/** One RPC. */
export interface EndpointStatus {
  /** Credentials redacted. */
  url: string
  /** `set_aside`: it serves another network, or does not have the contract. */
  state: EndpointState
  latestLedger: number | null
  oldestLedger: number | null
  /** The last fault and its text; kept after the endpoint has recovered. */
  lastError: string | null
}

export const ENDPOINT_STATES = ['starting', 'ok', 'failing', 'set_aside'] as const
export type EndpointState = (typeof ENDPOINT_STATES)[number]

/** Totals over all RPCs since the start. */
export interface SourceCounters {
  /** How often pages began to come from another endpoint than before. */
  failovers: number
  /** Pages on which endpoints did not agree. */
  disagreements: number
  /** What endpoints disagree on now, while the checkpoint waits for it; else null. */
  disagreement: string | null
  endpoints: EndpointCounters[]
}

/** Totals of one RPC since the start. */
export interface EndpointCounters {
  /** Credentials redacted. */
  url: string
  pages: number
  faults: Readonly<Partial<Record<Fault, number>>>
  /** Pages for which another endpoint was faster, though it was asked later. */
  overtaken: number
  /** Probes sent, answered or not. */
  probes: number
}

/** The audit in the background: our streams compared with the contract's own storage. */
export interface AuditStatus {
  /** Streams from before the log's first ledger have been read from the chain. */
  bootstrapped: boolean
  running: boolean
  /** The last audit that ran to its end. */
  last: AuditReport | null
  /** Streams found in drift since the start. */
  driftTotal: number
  /** Streams replaced by the chain's record since the start, for whatever reason. */
  repairedTotal: number
  lastError: string | null
}

/** Where no audit has run, and before the first. */
export const NEVER_AUDITED: AuditStatus = {
  bootstrapped: false,
  running: false,
  last: null,
  driftTotal: 0,
  repairedTotal: 0,
  lastError: null,
}

export interface AuditReport {
  /** Unix seconds, wall clock. */
  finishedAt: number
  /** The newest ledger at which streams were compared. */
  ledger: number
  counts: Record<AuditClass, number>
  /** Streams replaced by the chain's record: those in drift, and those from before the log. */
  repaired: number
  /** Active streams that are archived or soon will be. */
  expiring: number
  /** The first streams found in drift; the list is limited. */
  drift: StreamDrift[]
}

export interface StreamDrift {
  streamId: bigint
  /** The ledger at which the chain's record was read. */
  ledger: number
  differences: RecordDifference[]
}

export interface RecordDifference {
  /** A field of the record, or `record` if one side has none. */
  field: string
  /** As text; null if this side has nothing. */
  ours: string | null
  chain: string | null
}

/**
 * What comparing one stream with the contract's storage can find:
 *
 * - `ok` every field is equal
 * - `drift` a field differs, or only one side has the stream, or the record cannot be read
 * - `before_log` the stream was created before the log's first ledger and is not known here
 * - `not_yet` the two sides cannot be compared now
 * - `archived` as `ok`, but the entry must be restored before it can be used
 */
export const AUDIT_CLASSES = ['ok', 'drift', 'before_log', 'not_yet', 'archived'] as const
export type AuditClass = (typeof AUDIT_CLASSES)[number]
