import { z } from '@hono/zod-openapi'
import { STREAM_SORTS } from '../store/read/streams.ts'
import type { StreamKey, StreamQuery } from '../store/read/streams.ts'
import { parseJson } from '../http/json.ts'
import { Order } from '../http/parameters.ts'

/**
 * `nextCursor` of a list of streams: where the next page starts. Callers cannot read it. It
 * contains sort and order, so that it is refused under another sort or order.
 */

type Sorting = Pick<StreamQuery, 'sort' | 'order'>

const Key = z.tuple([
  z.enum(STREAM_SORTS),
  Order,
  z.union([z.string().max(40), z.number().int()]),
  z.string().regex(/^\d{20}$/),
])

export function formatKey({ value, created }: StreamKey, { sort, order }: Sorting): string {
  return Buffer.from(JSON.stringify([sort, order, value, created])).toString('base64url')
}

/** Undefined if the text is not a key, or one of another sorting. */
export function parseKey(text: string, sorting: Sorting): StreamKey | undefined {
  const parsed = Key.safeParse(parseJson(Buffer.from(text, 'base64url').toString()))
  if (!parsed.success) return undefined
  const [sort, order, value, created] = parsed.data
  if (sort !== sorting.sort || order !== sorting.order) return undefined
  return typeof value === (sort === 'updated' ? 'number' : 'string')
    ? { value, created }
    : undefined
}
