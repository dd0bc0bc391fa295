import type { MiddlewareHandler } from 'hono'
import type { ClientEnv } from '../client.ts'
import { STREAMED } from '../formats/export.ts'
import { textOf } from '../text.ts'

/**
 * Says in the answer to HEAD how long the body of the GET would be: Hono takes the body away. The
 * length of what is sent while it is read is not known, and GET does not say it either.
 */
export const tellLength: MiddlewareHandler<ClientEnv> = async (c, next) => {
  await next()
  const { body, headers } = c.res
  if (c.req.method !== 'HEAD' || c.env.wire?.isTaken === true) return
  if (body === null || headers.has(STREAMED) || headers.has('content-length')) return
  const text = textOf(c.res)
  const length =
    text === undefined ? (await c.res.arrayBuffer()).byteLength : Buffer.byteLength(text)
  headers.set('content-length', String(length))
}
