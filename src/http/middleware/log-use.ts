import type { MiddlewareHandler } from 'hono'
import type { Logger } from 'pino'
import type { ClientEnv } from '../client.ts'
import { isOfV1 } from '../v1-path.ts'

/** Logs each use of an administrator's route, with what came of it. */
export function logUse(logger: Pick<Logger, 'info'>): MiddlewareHandler<ClientEnv> {
  return async (c, next) => {
    await next()
    const { method, path } = c.req
    const { search } = new URL(c.req.url)
    const { holder, requestId } = c.env
    const { address } = holder
    const subject = c.get('identity').subject ?? 'ADMIN_TOKEN'
    const { status } = c.res
    // What a query has in it that was refused, or that v1 ignores, is not known: it may be a token.
    const isKnown = !isOfV1(path) && (status < 400 || status >= 500)
    const target = isKnown ? path + search : path
    logger.info(
      { requestId, subject, address, method, target, status, ...c.get('done') },
      'used by an administrator',
    )
  }
}
