import { PROBLEM_TYPE } from '../../http/problem.ts'
import type { Needed } from '../../http/middleware/access.ts'
import { SUBSCRIBE_PATH } from '../../http/subscribe/request.ts'

/** What the routes of the OpenAPI document share. */

const header = (name: string) => ({ $ref: `#/components/headers/${name}` })
const response = (name: string) => ({ $ref: `#/components/responses/${name}` })

/** Headers of answers. */
export const HEADERS = {
  snapshot: { ETag: header('ETag') },
  always: { 'X-Request-Id': header('X-Request-Id') },
  /** On routes whose requests count for the rate. */
  counted: { RateLimit: header('RateLimit'), 'RateLimit-Policy': header('RateLimit-Policy') },
}

function problem(description: string, headers: object = {}) {
  const content = { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } }
  return { description, headers: { ...HEADERS.always, ...headers }, content }
}

const RETRY_AFTER = { 'Retry-After': header('Retry-After') }

export const COMPONENTS = {
  securitySchemes: {
    bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    cookie: { type: 'apiKey', in: 'cookie', name: 'flowfi_token' },
    token: { type: 'apiKey', in: 'query', name: 'token' },
    access_token: { type: 'apiKey', in: 'query', name: 'access_token' },
    ticket: {
      type: 'apiKey',
      in: 'query',
      name: 'ticket',
      description: 'from POST /auth/ticket; works once',
    },
  },
  headers: {
    'X-Request-Id': {
      description: 'taken from a trusted proxy, else generated; it is in the log too',
      schema: { type: 'string' },
    },
    ETag: {
      description: 'weak; send it as If-None-Match to get 304 while nothing has changed',
      schema: { type: 'string' },
    },
    RateLimit: {
      description: 'how many requests are left (r), and the seconds until the count restarts (t)',
      schema: { type: 'string' },
    },
    'RateLimit-Policy': {
      description: 'how many requests (q) in how many seconds (w)',
      schema: { type: 'string' },
    },
    'Retry-After': { description: 'seconds', schema: { type: 'integer' } },
    'WWW-Authenticate': { schema: { type: 'string' } },
  },
  responses: {
    NotModified: {
      description: 'the client has this answer already: its If-None-Match names the ETag',
      headers: { ...HEADERS.always, ...HEADERS.counted, ...HEADERS.snapshot },
    },
    BadRequest: problem('a parameter or the request is invalid'),
    Unauthorized: problem('there is no valid token', {
      'WWW-Authenticate': header('WWW-Authenticate'),
    }),
    Forbidden: problem('the token is not enough, or the Origin is not in CORS_ORIGINS'),
    TimedOut: problem('the request took too long to arrive'),
    TooMany: problem('a limit of the address or user is reached', {
      ...RETRY_AFTER,
      ...HEADERS.counted,
    }),
    HeadTooLarge: problem('the request line and headers are too large'),
    Failed: problem('the server failed'),
    UnknownCoding: problem('the transfer coding is unknown'),
    Busy: problem('the server is too busy, or is ending', RETRY_AFTER),
  },
}

/** What a client gets that has a snapshot already. */
export const NOT_MODIFIED = { 304: response('NotModified') }

/** What a request is answered that was not read to its end, whatever route it is for. */
export const UNREAD = { 408: response('TimedOut'), 431: response('HeadTooLarge') }

/** What any route can answer. */
export function refusalsOf(needed: Needed) {
  return {
    400: response('BadRequest'),
    ...(needed !== 'nothing' && { 401: response('Unauthorized') }),
    403: response('Forbidden'),
    ...UNREAD,
    429: response('TooMany'),
    500: response('Failed'),
    501: response('UnknownCoding'),
    503: response('Busy'),
  }
}

interface Guarded {
  path: string
  method: string
  /** What the route needs in each mode. */
  open: Needed
  jwt: Needed
}

/** Alternatives; the empty one stands for no credentials. */
export function securityOf({ path, method, open, jwt }: Guarded): Record<string, string[]>[] {
  if (jwt === 'nothing') return []
  const none = open === 'nothing' ? [{}] : []
  if (path === SUBSCRIBE_PATH) {
    return [
      ...none,
      { bearer: [] },
      { cookie: [] },
      { token: [] },
      { access_token: [] },
      { ticket: [] },
    ]
  }
  return [...none, { bearer: [] }, ...(method === 'get' ? [{ cookie: [] }] : [])]
}
