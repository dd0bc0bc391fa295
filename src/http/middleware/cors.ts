import { cors } from 'hono/cors'
import type { MiddlewareHandler } from 'hono'
import { SUBSCRIBE_METHODS } from '../subscribe/request.ts'

/** Scripts of any origin may read every answer. */
export const ALLOW_ORIGIN = ['Access-Control-Allow-Origin', '*'] as const

/** The headers that scripts of other origins may read, besides those that are always readable. */
const EXPOSED_HEADERS = ['ETag', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-Request-Id']

/** For answers that do not come from a route. */
export const CORS_HEADERS = {
  [ALLOW_ORIGIN[0]]: ALLOW_ORIGIN[1],
  'Access-Control-Expose-Headers': EXPOSED_HEADERS.join(','),
}

export function allowOrigins(): MiddlewareHandler {
  return cors({
    origin: ALLOW_ORIGIN[1],
    allowMethods: SUBSCRIBE_METHODS,
    // No route depends on a header that scripts may not set, so all that are asked for are allowed.
    exposeHeaders: EXPOSED_HEADERS,
    maxAge: 86_400,
  })
}
