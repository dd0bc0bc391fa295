import { hash } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import type { ClientEnv } from '../client.ts'
import { textOf } from '../text.ts'

/**
 * Snapshots: answers that show the data at a position. Each has a weak ETag, and a client that has
 * it already gets 304. The ETag is made of the URL, of who may see the answer, and of the answer
 * itself with its format and `asOf`: so it is the same in every process, and also changes when the
 * chain has corrected something at the same position.
 */

const SNAPSHOTS = /^\/(streams|events|users|transactions|tokens|summary)(\/|$)/
/** Positions and frames, but no data. */
const OTHERS = /^\/events\/(subscribe|stats)$/

export function isSnapshot(path: string): boolean {
  return SNAPSHOTS.test(path) && !OTHERS.test(path)
}

export const revalidate: MiddlewareHandler<ClientEnv> = async (c, next) => {
  await next()
  if (c.res.status !== 200 || !isSnapshot(c.req.path)) return
  let tag = c.res.headers.get('etag')
  if (tag === null) {
    let text = textOf(c.res)
    if (text === undefined) {
      text = await c.res.text()
      c.res = new Response(text, c.res)
    }
    tag = weakTag(c, text)
    c.res.headers.set('etag', tag)
  }
  if (!isKnown(tag, c.req.header('if-none-match'))) return
  const { headers } = c.res
  await c.res.body?.cancel()
  c.res = new Response(null, { status: 304, headers })
  c.res.headers.delete('content-type')
}

/** `content`: two answers to the same request are equal if and only if this is equal. */
export function weakTag(c: Context<ClientEnv>, content: string): string {
  const target = c.env.wire?.incoming.url ?? c.req.url
  const parts = JSON.stringify([target, c.get('identity').subject, c.get('party') ?? null])
  return `W/"${hash('sha1', parts + content, 'base64url')}"`
}

/** Weak comparison: whether a tag is weak does not matter. */
function isKnown(tag: string, header: string | undefined): boolean {
  if (header === undefined) return false
  if (header.trim() === '*') return true
  const opaque = tag.slice('W/'.length)
  return [...header.matchAll(/"[^"]*"/g)].some(([known]) => known === opaque)
}
