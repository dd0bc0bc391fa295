import type { MiddlewareHandler } from 'hono'
import type { Logger } from 'pino'
import type { ClientEnv } from '../client.ts'

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
    logger.info(
      { requestId, subject, address, method, target: path + search, status, ...c.get('done') },
      'used by an administrator',
    )
  }
}
