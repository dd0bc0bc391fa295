import type { MiddlewareHandler } from 'hono'
import type { Access, Sender } from '../../auth/access.ts'
import { partyOf, PUBLIC } from '../../auth/identity.ts'
import type { Identity } from '../../auth/identity.ts'
import { carriersIn } from '../carriers.ts'
import type { ClientEnv } from '../client.ts'
import { forbidden, isRefused, keysUnavailable, respond, unauthorized } from '../problem.ts'
import type { Refused } from '../problem.ts'
import { V1 } from '../v1-path.ts'

/**
 * Decides who may use a route, before anything else about the request is looked at: 401 without a
 * valid token, then 403 if the token is not enough. Routes find `identity` and `party` in the
 * context.
 */
export function admit(access: Access): MiddlewareHandler<ClientEnv> {
  return async (c, next) => {
    const needed = c.req.method === 'OPTIONS' ? 'nothing' : neededFor(c.req.path, access.mode)
    const sender = needed === 'nothing' ? PUBLIC : identityOf(await access.senderOf(carriersIn(c)))
    if (isRefused(sender)) return respond(sender)
    if (needed === 'admin' && !sender.admin) return respond(notAdmin(access))
    c.set('identity', sender)
    c.set('party', partyOf(sender))
    return next()
  }
}

export type Needed = 'nothing' | 'token' | 'admin'

/** They reveal no stream and no user, or are how a token is obtained. */
const WITHOUT_TOKEN = new Set([
  '/',
  '/health',
  '/ready',
  '/status',
  '/metrics',
  '/events/stats',
  '/openapi.json',
  '/docs',
  '/auth',
  '/.well-known/stellar.toml',
  `${V1}/health`,
  `${V1}/events/stats`,
])
const ASSETS = /^\/(docs|assets)\//
/** Also under the prefix of FlowFi's own API. */
const ADMIN = /^(\/v1)?\/admin(\/|$)/

/** A path that is not known here needs a token, so that a new route is closed at first. */
export function neededFor(path: string, mode: Access['mode']): Needed {
  if (ADMIN.test(path)) return 'admin'
  if (mode === 'open') return 'nothing'
  if (path === '/audit') return 'admin'
  return WITHOUT_TOKEN.has(path) || ASSETS.test(path) ? 'nothing' : 'token'
}

function identityOf(sender: Sender): Identity | Refused {
  switch (sender) {
    case 'nobody':
      return unauthorized(
        'this route needs a token: send it as "Authorization: Bearer …", or as the cookie flowfi_token',
      )
    case 'invalid':
      return unauthorized('the token is not valid, or has expired: get another one')
    case 'unavailable':
      return keysUnavailable(RETRY_AFTER_SECONDS)
    default:
      return sender
  }
}

const RETRY_AFTER_SECONDS = 5

function notAdmin({ mode, hasAdminToken }: Access): Refused {
  if (mode === 'jwt') {
    return forbidden('this route is for administrators: its token needs the scope admin')
  }
  return unauthorized(
    hasAdminToken
      ? 'this route is for administrators: send ADMIN_TOKEN as "Authorization: Bearer …"'
      : 'this route is for administrators: set ADMIN_TOKEN, start again, and send it as "Authorization: Bearer …"',
  )
}
