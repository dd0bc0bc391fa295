import { SourceError } from '../domain/errors.ts'

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

/** Errors that the server returns as values carry their code in the text as well. */
const CODE_PREFIX = /^\[-\d+\] /
const RANGE = /within the ledger range: (\d+) - (\d+)/
/** Before v21.5 the range was not told. */
const OLD_BEFORE = /^start is before oldest ledger/
const OLD_AFTER = /^start is after newest ledger/
const NOT_READY =
  /DB is empty|latency \(.*\) since last known ledger|data stores are not initialized/

/** An error member of an answer; `ledger` is where the request wanted to start, if anywhere. */
export function rpcFault(body: unknown, ledger: number | undefined): SourceError {
  const { code, message } = (body ?? {}) as RpcErrorBody
  const text = (typeof message === 'string' ? message : JSON.stringify(body)).replace(
    CODE_PREFIX,
    '',
  )
  const detail = `${text} (${String(code)})`
  const range = RANGE.exec(text)
  if (range !== null) return rangeFault(detail, Number(range[1]), Number(range[2]), ledger)
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

interface HttpFailure {
  response?: { status?: number; headers?: Headers }
}

/** What the HTTP client threw. */
export function transportFault(cause: unknown, timeout: AbortSignal): SourceError {
  if (timeout.aborted) return new SourceError('timeout', 'no answer in the time allowed', { cause })
  const { response } = cause as HttpFailure
  const status = response?.status
  if (status !== undefined) return statusFault(status, response?.headers, cause)
  const text = reasonOf(cause)
  // A body that ends too early, or is larger than any answer.
  if (/terminated|maxContentLength|aborted/.test(text)) {
    return new SourceError('malformed', `the answer broke off: ${text}`, { cause })
  }
  return new SourceError('unreachable', text, { cause })
}

function statusFault(status: number, headers: Headers | undefined, cause: unknown): SourceError {
  const detail = `HTTP status ${status}`
  if (status === 429 || status === 503 || status === 504) {
    const retryAfterMs = parseRetryAfter(headers?.get('retry-after'), Date.now())
    return new SourceError('busy', detail, { cause, retryAfterMs })
  }
  if (status >= 500) return new SourceError('unreachable', detail, { cause })
  return new SourceError('refused', `${detail}: check RPC_URL and its credentials`, { cause })
}

/** Seconds or an HTTP date, as milliseconds from `now`; undefined for anything else. */
export function parseRetryAfter(value: string | null | undefined, now: number): number | undefined {
  if (value === null || value === undefined) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}

/** `fetch failed` hides what happened one level down. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const { cause: inner } = cause
  if (!(inner instanceof Error)) return cause.message
  const code = 'code' in inner ? ` (${String(inner.code)})` : ''
  return `${cause.message}: ${inner.message || inner.name}${code}`
}
