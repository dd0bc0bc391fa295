import type { Fault } from './faults.ts'
import type { LedgerRange } from './ledger.ts'

/** A ledger source could not answer. The faults are explained in faults.ts. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
  readonly fault: Fault
  readonly retryAfterMs: number | undefined
  /** The ledgers that the node has, if it said so. */
  readonly range: LedgerRange | undefined
  /** With `too_many`: the most items that the server answers in one call, if it said so. */
  readonly limit: number | undefined
  /** With `outside_retention`: by the rule of promise P3, the ledgers are lost. */
  readonly confirmed: boolean
  /** The endpoint that failed, if there are several; credentials redacted. */
  readonly endpoint: string | undefined

  constructor(
    fault: Fault,
    detail: string,
    options: {
      cause?: unknown
      retryAfterMs?: number | undefined
      range?: LedgerRange | undefined
      limit?: number | undefined
      confirmed?: boolean
      endpoint?: string | undefined
    } = {},
  ) {
    super(detail, { cause: options.cause })
    this.fault = fault
    this.retryAfterMs = options.retryAfterMs
    this.range = options.range
    this.limit = options.limit
    this.confirmed = options.confirmed ?? false
    this.endpoint = options.endpoint
  }
}

/** A mistake in the configuration or the arguments. The message says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What an error says, with what has caused it. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${reasonOf(error.cause)}`
}
