import type { MiddlewareHandler } from 'hono'
import type { ClientEnv } from '../client.ts'
import { STREAMED } from '../formats/export.ts'
import { textOf } from '../text.ts'
import { compress, compressStream, preferredCoding } from '../formats/coding.ts'

/** Compresses bodies that are worth it. The feed is not among them: its frames must not wait. */

/** A body that is not larger than this is one packet anyway. */
const LEAST_BYTES = 1_024
const COMPRESSIBLE =
  /^(text\/(?!event-stream)|application\/([\w.-]+\+)?(json|x-ndjson|javascript|xml)|image\/svg\+xml)/

export const compressBodies: MiddlewareHandler<ClientEnv> = async (c, next) => {
  await next()
  if (c.env.wire?.isTaken === true) return
  const { body, headers } = c.res
  const type = headers.get('content-type') ?? ''
  if (body === null || headers.has('content-encoding') || !COMPRESSIBLE.test(type)) return
  const coding = preferredCoding(c.req.header('accept-encoding'))
  if (coding === undefined) return
  if (headers.has(STREAMED)) {
    c.res = new Response(compressStream(body, coding), c.res)
  } else {
    const text = textOf(c.res)
    const bytes = text === undefined ? Buffer.from(await c.res.arrayBuffer()) : Buffer.from(text)
    const isLong = bytes.length > LEAST_BYTES
    if (isLong) c.res = new Response(await compress(bytes, coding), c.res)
    else if (text === undefined) c.res = new Response(bytes, c.res)
    if (!isLong) return
  }
  c.res.headers.delete('content-length')
  c.res.headers.set('content-encoding', coding)
}
