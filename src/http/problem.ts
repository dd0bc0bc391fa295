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

export function methodNotAllowed(method: string): Refused {
  return {
    problem: problem(405, `${method} is not answered here; use GET`),
    headers: { allow: 'GET, HEAD, OPTIONS' },
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

export function addressOverShare(retryAfterSeconds: number): Refused {
  return {
    problem: problem(
      429,
      `your address holds all the subscriptions it may; close one, or try again in ${retryAfterSeconds} s`,
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
