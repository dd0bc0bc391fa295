import { STATUS_CODES } from 'node:http'

/** RFC 9457. `detail` tells the caller what to do; `errors` names what was wrong, one by one. */
export interface Problem {
  type: 'about:blank'
  title: string
  status: number
  detail: string
  errors?: { parameter: string; detail: string }[]
}

export const PROBLEM_TYPE = 'application/problem+json'

/** A refusal on its way to the caller, its headers with it. */
export interface Refused {
  problem: Problem
  headers?: Record<string, string>
}

export function isRefused(result: object): result is Refused {
  return 'problem' in result
}

function problem(status: number, detail: string, errors?: Problem['errors']): Problem {
  const title = STATUS_CODES[status] ?? 'Error'
  return { type: 'about:blank', title, status, detail, ...(errors && { errors }) }
}

export function badRequest(errors: { parameter: string; detail: string }[]): Refused {
  const detail = errors.map(({ parameter, detail: text }) => `${parameter}: ${text}`).join('; ')
  return { problem: problem(400, detail, errors) }
}

export function noSuchStream(streamId: string): Refused {
  return {
    problem: problem(
      404,
      `no stream ${streamId} is known here; /streams lists those that are, /status tells which ledgers were scanned`,
    ),
  }
}

export function noSuchRoute(path: string): Refused {
  return {
    problem: problem(404, `there is no ${path} here; the routes are listed in the README`),
  }
}

export function methodNotAllowed(method: string, allowed = ['GET', 'HEAD']): Refused {
  return {
    problem: problem(405, `${method} is not answered here; use ${allowed[0]}`),
    headers: { allow: [...allowed, 'OPTIONS'].join(', ') },
  }
}

export function bodyTooLarge(mostBytes: number): Refused {
  return {
    problem: problem(413, `the body may have ${mostBytes} bytes; ask for less at once`),
    headers: { connection: 'close' },
  }
}

export function unsupportedBody(types: readonly string[]): Refused {
  return {
    problem: problem(415, `say in content-type what the body is: ${types.join(' or ')}`),
    headers: { 'accept-post': types.join(', '), connection: 'close' },
  }
}

export function noBodyHere(): Refused {
  return {
    problem: problem(400, 'this route takes no body; send its parameters in the query'),
    headers: { connection: 'close' },
  }
}

export function unknownTransferEncoding(): Refused {
  return {
    problem: problem(501, 'of all transfer encodings only chunked is understood; send no other'),
    headers: { connection: 'close' },
  }
}

export function tooManyConnections(most: number): Refused {
  return {
    problem: problem(
      429,
      `your address has ${most} connections open that wait for a request; send it at once, or close some`,
    ),
    headers: { connection: 'close', 'retry-after': '1' },
  }
}

export function overRate(perMinute: number, retryAfterSeconds: number): Refused {
  return {
    problem: problem(
      429,
      `your address may send ${perMinute} requests a minute; try again in ${retryAfterSeconds} s, or subscribe to the feed instead of asking again`,
    ),
    headers: { 'retry-after': String(retryAfterSeconds) },
  }
}

/** What Node's own parser would not take. */
export function badHttp(code: string | undefined): Refused {
  const connection = { connection: 'close' }
  switch (code ?? '') {
    case 'HPE_HEADER_OVERFLOW': {
      const detail =
        'the request line and headers are too large; send long lists in a body, by POST'
      return { problem: problem(431, detail), headers: connection }
    }
    case 'ERR_HTTP_REQUEST_TIMEOUT': {
      const detail = 'the request did not come in time; send it at once'
      return { problem: problem(408, detail), headers: connection }
    }
    case 'HPE_INVALID_TRANSFER_ENCODING':
      return unknownTransferEncoding()
    case 'HPE_INVALID_URL': {
      const detail = 'the URL has characters that have to be percent-encoded; encode them'
      return { problem: problem(400, detail), headers: connection }
    }
    default:
      return { problem: problem(400, 'this is no HTTP request'), headers: connection }
  }
}

export function internal(): Refused {
  return {
    problem: problem(500, 'something broke on our side and was logged; try again later'),
  }
}

export function feedFull(retryAfterSeconds: number): Refused {
  return {
    problem: problem(
      503,
      `every subscription is taken; try again in ${retryAfterSeconds} s, or add overload=retry to be answered in a way an EventSource survives`,
    ),
    headers: { 'retry-after': String(retryAfterSeconds) },
  }
}

export function feedClosing(retryAfterSeconds: number): Refused {
  return {
    problem: problem(503, `this server is shutting down; try again in ${retryAfterSeconds} s`),
    headers: { 'retry-after': String(retryAfterSeconds) },
  }
}

export function replayFull(retryAfterSeconds: number): Refused {
  return {
    problem: problem(
      503,
      `as many subscriptions as may are catching up with the log; try again in ${retryAfterSeconds} s, or subscribe from now`,
    ),
    headers: { 'retry-after': String(retryAfterSeconds) },
  }
}

export function userOverShare(retryAfterSeconds: number): Refused {
  return {
    problem: problem(
      429,
      `this user holds all the subscriptions they may; close one, or try again in ${retryAfterSeconds} s`,
    ),
    headers: { 'retry-after': String(retryAfterSeconds) },
  }
}

export function addressOverShare(retryAfterSeconds: number): Refused {
  return {
    problem: problem(
      429,
      `your address holds all the subscriptions it may; close one, or try again in ${retryAfterSeconds} s`,
    ),
    headers: { 'retry-after': String(retryAfterSeconds) },
  }
}

export function tooMuchAtOnce(most: number, retryAfterSeconds: number): Refused {
  return {
    problem: problem(
      429,
      `your address has ${most} long requests under way already; wait for an answer before the next, or try again in ${retryAfterSeconds} s`,
    ),
    headers: { 'retry-after': String(retryAfterSeconds) },
  }
}

export function tookTooLong(retryAfterSeconds: number): Refused {
  return {
    problem: problem(
      503,
      `this took too long beside everything else; ask for less, or try again in ${retryAfterSeconds} s`,
    ),
    headers: { 'retry-after': String(retryAfterSeconds) },
  }
}

export function pipelined(): Refused {
  return {
    problem: problem(
      400,
      'a subscription cannot be pipelined behind another request; connect anew',
    ),
    headers: { connection: 'close' },
  }
}

/** The refusal as a response. */
export function respond({ problem: body, headers }: Refused): Response {
  return new Response(JSON.stringify(body), {
    status: body.status,
    headers: { 'content-type': PROBLEM_TYPE, ...headers },
  })
}
