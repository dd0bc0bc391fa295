import type { MiddlewareHandler } from 'hono'
import type { ClientEnv } from '../client.ts'
import type { Cors } from '../cors.ts'
import { respond, unknownOrigin } from '../problem.ts'

/** The methods of all routes: the answer to a preflight does not depend on the route. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'QUERY']
const PREFLIGHT_SECONDS = 86_400

/** Refuses scripts of origins that are not allowed, and lets the others read our answers. */
export function allowOrigins(cors: Cors): MiddlewareHandler<ClientEnv> {
  return async (c, next) => {
    const { req } = c
    const [origin, host] = [req.header('origin'), req.header('host')]
    const headers = cors.headersFor({ origin, host, path: req.path })
    if (headers === undefined) {
      c.res = respond(unknownOrigin())
      c.res.headers.append('Vary', 'Origin')
      return
    }
    c.set('corsHeaders', headers)
    if (req.method === 'OPTIONS') c.res = preflight(req.header('access-control-request-headers'))
    else await next()
    for (const [name, value] of headers) {
      if (name === 'Vary') c.res.headers.append(name, value)
      else c.res.headers.set(name, value)
    }
  }
}

/** No route depends on a header that scripts may not set, so all that are asked for are allowed. */
function preflight(asked: string | undefined): Response {
  const headers = new Headers({
    'Access-Control-Allow-Methods': METHODS.join(','),
    'Access-Control-Max-Age': String(PREFLIGHT_SECONDS),
  })
  if (asked !== undefined) {
    headers.set('Access-Control-Allow-Headers', asked)
    headers.set('Vary', 'Access-Control-Request-Headers')
  }
  return new Response(null, { status: 204, headers })
}
