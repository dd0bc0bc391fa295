import type { Fault } from './faults.ts'
import type { LedgerRange } from './ledger.ts'

/** A ledger source could not answer; what each fault means is in faults.ts. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
  readonly fault: Fault
  readonly retryAfterMs: number | undefined
  /** The ledgers that the node has, where it said so. */
  readonly range: LedgerRange | undefined
  /** The most events that the server answers at once, where it said so (`too_many`). */
  readonly limit: number | undefined
  /** With `outside_retention`: the ledgers are lost, by the rule of promise P3. */
  readonly confirmed: boolean
  /** Which endpoint it was, where there are several; credentials redacted. */
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

/** A mistake of whoever runs or calls the program; the message says what to do about it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
