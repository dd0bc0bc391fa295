import { SourceError } from '../../domain/errors.ts'
import { BrokenAnswer } from './http-client.ts'

/**
 * What a failed call to an RPC means. Servers, and the providers in front of them, have many texts
 * for the same error, and change them between releases. An unknown text becomes `unknown`, which is
 * retried like the others.
 */

/** A JSON-RPC error object, before it is checked. */
interface RpcErrorBody {
  code?: unknown
  message?: unknown
}

/** A longer text does not come from an RPC server, but is the page of a proxy. */
const MAX_TEXT = 1_000
/** Some errors have their code in the text as well. */
const CODE_PREFIX = /^\[-\d+\] /
/** The texts of getEvents and of getLedgers. */
const RANGES = [
  /within the ledger range: (\d+) - (\d+)/,
  /must be between the oldest ledger: (\d+) and the latest ledger: (\d+)/,
]
/** Servers before v21.5 do not name the range. */
const OLD_BEFORE = /^start is before oldest ledger/
const OLD_AFTER = /^start is after newest ledger/
const NOT_READY =
  /DB is empty|latency \(.*\) since last known ledger|data stores are not initialized/

/** The `error` of an answer; `startLedger` is the first ledger that the request needed, if any. */
export function rpcFault(body: unknown, startLedger: number | undefined): SourceError {
  const { code, message } = (body ?? {}) as RpcErrorBody
  const text = (typeof message === 'string' ? message : JSON.stringify(body))
    .slice(0, MAX_TEXT)
    .replace(CODE_PREFIX, '')
  const detail = `${text} (${String(code)})`
  for (const form of RANGES) {
    const match = form.exec(text)
    if (match === null) continue
    const range = { oldest: Number(match[1]), latest: Number(match[2]) }
    const isBehind = startLedger !== undefined && startLedger > range.latest
    return new SourceError(isBehind ? 'behind' : 'outside_retention', detail, { range })
  }
  if (OLD_BEFORE.test(text)) return new SourceError('outside_retention', detail)
  if (OLD_AFTER.test(text)) return new SourceError('behind', detail)
  if (NOT_READY.test(text)) return new SourceError('not_ready', detail)
  if (code === -32001) return new SourceError('time_limit', detail)
  // Providers allow fewer than the default of 10,000, and only this text says how many.
  const limit = /^limit must not exceed (\d+)/.exec(text)
  if (limit !== null) return new SourceError('too_many', detail, { limit: Number(limit[1]) })
  // It has the code of the range errors, but the server's database is only busy for a moment.
  if (text.includes('db read failed')) return new SourceError('busy', detail)
  if (text.includes('surpassed queue limit')) return new SourceError('busy', detail)
  if (code === -32601) return new SourceError('refused', detail)
  return new SourceError('unknown', detail)
}

/** From what the HTTP client threw: there was no answer, or it cannot be used. */
export function connectionFault(cause: unknown): SourceError {
  const fault = cause instanceof BrokenAnswer ? 'malformed' : 'unreachable'
  return new SourceError(fault, reasonOf(cause), { cause })
}

/** 408 and 425 come from proxies: the request took too long, or came too early. */
const BUSY: ReadonlySet<number> = new Set([408, 425, 429, 503])

/** From a status other than 200. The body is ignored, because it is often the page of a proxy. */
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

/** If several addresses were tried, each has its own reason, and the error has no text. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join('; ')
  return cause instanceof Error ? cause.message || cause.name : String(cause)
}
