import { STATUS_CODES } from 'node:http'
import { textResponse } from './text.ts'
import type { AsOf } from './json.ts'

/**
 * The refusals of the API, as RFC 9457 problems; those about subscriptions are in
 * `subscribe/refusals.ts`. `detail` tells the caller what to do; `errors` names each parameter that is
 * wrong.
 */
export interface Problem {
  type: 'about:blank'
  title: string
  status: number
  detail: string
  errors?: { parameter: string; detail: string }[]
  /** How far the log is, if the caller waited for it. */
  checkpoint?: AsOf
}

export const PROBLEM_TYPE = 'application/problem+json'

/** A problem, with the headers that belong to it. */
export interface Refused {
  problem: Problem
  headers?: Record<string, string>
}

export function isRefused(result: object): result is Refused {
  return 'problem' in result
}

export function refused(status: number, detail: string, headers?: Record<string, string>): Refused {
  const title = STATUS_CODES[status] ?? 'Error'
  return { problem: { type: 'about:blank', title, status, detail }, ...(headers && { headers }) }
}

/** Refused for now: the caller should wait this long. */
export function refusedFor(retryAfterSeconds: number, status: 429 | 503, detail: string): Refused {
  return refused(status, detail, { 'retry-after': String(retryAfterSeconds) })
}

const CLOSE = { connection: 'close' }

/** The refusal as a response. */
export function respond({ problem, headers }: Refused): Response {
  return textResponse(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'content-type': PROBLEM_TYPE, ...headers },
  })
}

// What was asked for

export function badRequest(errors: { parameter: string; detail: string }[]): Refused {
  const detail = errors.map(({ parameter, detail: text }) => `${parameter}: ${text}`).join('; ')
  const { problem } = refused(400, detail)
  return { problem: { ...problem, errors } }
}

// Who asks

export function unauthorized(detail: string): Refused {
  return refused(401, detail, { 'www-authenticate': 'Bearer' })
}

export function forbidden(detail: string): Refused {
  return refused(403, detail)
}

export function keysUnavailable(retryAfterSeconds: number): Refused {
  return refusedFor(
    retryAfterSeconds,
    503,
    `the keys that tokens are checked with cannot be read at the moment; try again in ${retryAfterSeconds} s`,
  )
}

export function noTicket(retryAfterSeconds: number): Refused {
  return refusedFor(
    retryAfterSeconds,
    503,
    `too many tickets wait to be used; try again in ${retryAfterSeconds} s, or send the token itself`,
  )
}

// What is not there

export function noSuchStream(streamId: string): Refused {
  return refused(
    404,
    `no stream ${streamId} is known here; /streams lists the known ones, /status shows which ledgers were scanned`,
  )
}

export function notScanned(ledger: number): Refused {
  return refused(
    404,
    `ledger ${ledger} is not in the log; /status shows which ledgers were scanned (coverage)`,
  )
}

export function notCreatedYet(streamId: string, ledger: number): Refused {
  return refused(
    404,
    `stream ${streamId} did not exist yet at ledger ${ledger}; ask for a later one`,
  )
}

export function unknownPast(streamId: string, { from, to }: { from: number; to: number }): Refused {
  return refused(
    404,
    `what stream ${streamId} was then is not known, because events of ledgers ${from} to ${to} may be missing; ask for a later ledger`,
  )
}

export function noSuchRoute(path: string): Refused {
  return refused(404, `${path} does not exist; /docs shows the routes`)
}

export function noSep10Server(): Refused {
  return refused(
    404,
    'this daemon is no SEP-10 server; SEP10_SIGNING_KEY, HOME_DOMAIN and JWT_SECRET make it one',
  )
}

export function methodNotAllowed(method: string, allowed = ['GET', 'HEAD']): Refused {
  return refused(405, `${method} is not supported here; use ${allowed[0]}`, {
    allow: [...allowed, 'OPTIONS'].join(', '),
  })
}

export function bodyTooLarge(mostBytes: number): Refused {
  return refused(413, `the body is larger than ${mostBytes} bytes; send shorter lists`, CLOSE)
}

export function unsupportedBody(types: readonly string[]): Refused {
  return refused(
    415,
    `the type of the body is unknown; set Content-Type to ${types.join(' or ')}`,
    {
      'accept-post': types.join(', '),
      ...CLOSE,
    },
  )
}

export function noBodyHere(): Refused {
  return refused(400, 'this route takes no body; send its parameters in the query', CLOSE)
}

export function internal(): Refused {
  return refused(500, 'the server failed, and the error was logged; try again later')
}

// HTTP itself

export function unknownTransferEncoding(): Refused {
  return refused(501, 'only chunked transfer encoding is supported; use that or none', CLOSE)
}

export function badTarget(): Refused {
  return refused(400, 'the Host header or the URL of the request is malformed; correct it')
}

/** What Node's parser refused. */
export function badHttp(code = ''): Refused {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return refused(
        431,
        'the request line and headers are too large; send long lists in the body of a POST',
        CLOSE,
      )
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return refused(408, 'the request took too long to arrive; send it at once', CLOSE)
    case 'HPE_INVALID_TRANSFER_ENCODING':
      return unknownTransferEncoding()
    case 'HPE_INVALID_URL':
      return refused(400, 'the URL has characters that must be percent-encoded; encode them', CLOSE)
    default:
      return refused(400, 'malformed HTTP request; send HTTP/1.1', CLOSE)
  }
}

export function pipelined(): Refused {
  return refused(
    400,
    'a subscription cannot be pipelined after another request; open a new connection for it',
    CLOSE,
  )
}

export function unknownOrigin(): Refused {
  return refused(
    403,
    'scripts of this origin may not use this server; its operator can add the origin to CORS_ORIGINS',
  )
}

// Limits

export function tooManyConnections(most: number): Refused {
  return refused(
    429,
    `your address has ${most} open connections that wait for a request; send requests at once, or close some connections`,
    { 'retry-after': '1', ...CLOSE },
  )
}

export function overRate(perMinute: number, retryAfterSeconds: number): Refused {
  return refusedFor(
    retryAfterSeconds,
    429,
    `your address may send ${perMinute} requests a minute; try again in ${retryAfterSeconds} s, or subscribe to the feed instead of polling`,
  )
}

export function tooMuchAtOnce(most: number, retryAfterSeconds: number): Refused {
  return refusedFor(
    retryAfterSeconds,
    429,
    `your address already has ${most} long requests under way; wait for one of their answers, or try again in ${retryAfterSeconds} s`,
  )
}

export function tookTooLong(retryAfterSeconds: number): Refused {
  return refusedFor(
    retryAfterSeconds,
    503,
    `the server is too busy for this request; ask for less, or try again in ${retryAfterSeconds} s`,
  )
}

/** A request that waits for the log, and did not get what it waits for. */
export function notYet(reason: 'late' | 'full' | 'closing', checkpoint: AsOf): Refused {
  const { problem, headers } = refusedFor(1, 503, NOT_YET[reason])
  return {
    problem: { ...problem, checkpoint },
    headers: { ...headers, ...(reason === 'closing' && CLOSE) },
  }
}

const NOT_YET = {
  late: 'the log has not reached what this request waits for; try again, or wait longer (wait, in seconds)',
  full: 'too many requests wait for the log; try again in 1 s, or subscribe to the feed instead',
  closing: 'this server is shutting down; try again in 1 s',
}

/** `canAsk`: this process can ask the one that indexes. */
export function tokenUnread(canAsk: boolean): Refused {
  return refusedFor(
    5,
    503,
    canAsk
      ? 'the token could not be read from the chain; try again in 5 s'
      : 'this process only serves, and the database does not have this token yet; tokens of streams are read soon, for any other ask the process that indexes',
  )
}
