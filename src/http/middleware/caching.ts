import type { MiddlewareHandler } from 'hono'
import type { Access } from '../../auth/access.ts'
import type { ClientEnv } from '../client.ts'

const FEED_TYPE = 'text/event-stream'

/**
 * What caches may keep. With `AUTH=jwt` an answer belongs to who asked, so only their own cache may
 * have it; what the page loads is the same for everyone. A cache asks again each time, unless a route says how long its answer holds.
 */
export function tellCaches(mode: Access['mode']): MiddlewareHandler<ClientEnv> {
  const vary = ['Accept', 'Accept-Encoding', ...(mode === 'jwt' ? ['Authorization', 'Cookie'] : [])]
  return async (c, next) => {
    await next()
    const { headers } = c.res
    // The feed says its own.
    if (c.env.wire?.isTaken === true || headers.get('content-type') === FEED_TYPE) return
    const own = headers.get('cache-control')
    const isEveryones = own?.includes('immutable') === true
    if (mode === 'jwt' && own !== 'no-store' && !isEveryones)
      headers.set('cache-control', 'private, no-cache')
    else if (own === null) headers.set('cache-control', 'no-cache')
    const others = (headers.get('vary') ?? '').split(',').map((name) => name.trim())
    headers.set('vary', [...vary, ...others.filter((name) => name !== '')].join(', '))
  }
}
