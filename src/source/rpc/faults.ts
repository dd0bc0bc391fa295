import { SourceError } from '../../domain/errors.ts'
import { BrokenAnswer } from './http-client.ts'

/**
 * What a failed call to an RPC means. Servers and the providers in front of them say the same
 * thing in many ways and reword it between releases: whatever is not known here is `unknown`,
 * which is retried like the rest.
 */

/** A JSON-RPC error object, as it comes. */
interface RpcErrorBody {
  code?: unknown
  message?: unknown
}

/** What is longer is not an error of the server, but the page of a proxy. */
const MAX_TEXT = 1_000
/** Errors that the server returns as values carry their code in the text as well. */
const CODE_PREFIX = /^\[-\d+\] /
/** Of getEvents and of getLedgers. */
const RANGES = [
  /within the ledger range: (\d+) - (\d+)/,
  /must be between the oldest ledger: (\d+) and the latest ledger: (\d+)/,
]
/** Before v21.5 the range was not told. */
const OLD_BEFORE = /^start is before oldest ledger/
const OLD_AFTER = /^start is after newest ledger/
const NOT_READY =
  /DB is empty|latency \(.*\) since last known ledger|data stores are not initialized/

/** An error member of an answer; `ledger` is where the request wanted to start, if anywhere. */
export function rpcFault(body: unknown, ledger: number | undefined): SourceError {
  const { code, message } = (body ?? {}) as RpcErrorBody
  const text = (typeof message === 'string' ? message : JSON.stringify(body))
    .slice(0, MAX_TEXT)
    .replace(CODE_PREFIX, '')
  const detail = `${text} (${String(code)})`
  for (const form of RANGES) {
    const range = form.exec(text)
    if (range !== null) return rangeFault(detail, Number(range[1]), Number(range[2]), ledger)
  }
  if (OLD_BEFORE.test(text)) return new SourceError('outside_retention', detail)
  if (OLD_AFTER.test(text)) return new SourceError('behind', detail)
  if (NOT_READY.test(text)) return new SourceError('not_ready', detail)
  if (code === -32001) return new SourceError('time_limit', detail)
  // Providers set it lower than the default of 10,000, and tell only in this way.
  const most = /^limit must not exceed (\d+)/.exec(text)
  if (most !== null) return new SourceError('too_many', detail, { limit: Number(most[1]) })
  // Shares its code with the range errors, and is a passing trouble of the server's database.
  if (text.includes('db read failed')) return new SourceError('busy', detail)
  if (text.includes('surpassed queue limit')) return new SourceError('busy', detail)
  if (code === -32601) return new SourceError('refused', detail)
  return new SourceError('unknown', detail)
}

function rangeFault(
  detail: string,
  oldest: number,
  latest: number,
  ledger: number | undefined,
): SourceError {
  const behind = ledger !== undefined && ledger > latest
  return new SourceError(behind ? 'behind' : 'outside_retention', detail, {
    range: { oldest, latest },
  })
}

/** No answer, or one that cannot be used: what the HTTP client threw. */
export function connectionFault(cause: unknown): SourceError {
  const fault = cause instanceof BrokenAnswer ? 'malformed' : 'unreachable'
  return new SourceError(fault, reasonOf(cause), { cause })
}

/** Also of proxies that did not get the request in time, or do not want it yet. */
const BUSY: ReadonlySet<number> = new Set([408, 425, 429, 503])

/** An answer whose status is not 200. Its body is often the page of a proxy, and is ignored. */
export function statusFault(status: number, retryAfter: string | undefined): SourceError {
  const detail = `HTTP status ${status}`
  const retryAfterMs = parseRetryAfter(retryAfter, Date.now())
  if (BUSY.has(status)) return new SourceError('busy', detail, { retryAfterMs })
  // 524: Cloudflare's own 504.
  if (status === 504 || status === 524) {
    return new SourceError('time_limit', detail, { retryAfterMs })
  }
  if (status >= 500) return new SourceError('unreachable', detail)
  return new SourceError('refused', `${detail}: check RPC_URL and its credentials`)
}

/** Seconds or an HTTP date, as milliseconds from `now`; undefined for anything else. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}

/** A connection that was tried over several addresses has a reason for each, and no text. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join('; ')
  return cause instanceof Error ? cause.message || cause.name : String(cause)
}
