import { z } from '@hono/zod-openapi'
import { parseCursor } from '../../domain/cursor.ts'
import type { EventFilter } from '../../domain/filter.ts'
import { eventFilterQuery, explain, LONG_LISTS, SHORT_LISTS, unlessTwice } from '../parameters.ts'
import { badRequest } from '../problem.ts'
import type { Refused } from '../problem.ts'

/** What a request for the feed asks for, whichever way it came in. */

export const SUBSCRIBE_PATH = '/events/subscribe'
export const SUBSCRIBE_METHODS = ['GET', 'HEAD', 'POST', 'QUERY']

/** The start position of a client without a cursor. */
const DEFAULT_CURSOR = 'now'

const CURSOR_FORM =
  'a cursor is an event id, another position of that form (19 digits, a dash, 10 digits), earliest, or now'

export const FeedCursor = z
  .string()
  .refine((text) => isWord(text) || parseCursor(text) !== undefined, { error: CURSOR_FORM })
  .openapi({ type: 'string', description: CURSOR_FORM })

const ONE_TOKEN = unlessTwice('a token is text')

/** Who asks. They are judged before everything else, and only in the URL. */
export const CREDENTIALS = {
  token: z
    .string({ error: ONE_TOKEN })
    .optional()
    .openapi({ description: 'a token, for clients that cannot send headers' }),
  access_token: z.string({ error: ONE_TOKEN }).optional().openapi({ description: 'same as token' }),
  ticket: z
    .string({ error: ONE_TOKEN })
    .optional()
    .openapi({ description: 'from POST /auth/ticket; valid once' }),
}

function subscribeQuery(lists: typeof SHORT_LISTS) {
  return z.strictObject({
    ...eventFilterQuery(lists),
    all: z.enum(['true', 'false'], { error: unlessTwice('all is true or false') }).optional(),
    lastEventId: FeedCursor.optional(),
    last_event_id: FeedCursor.optional(),
    cursor: FeedCursor.optional(),
    overload: z
      .enum(['retry'], {
        error: unlessTwice('overload can be retry, which answers a refusal with 200 and retry:'),
      })
      .optional(),
  })
}

/** In a URL, and in a body, which has room for longer lists. */
export const UrlQuery = subscribeQuery(SHORT_LISTS).extend(CREDENTIALS)
export const BodyQuery = subscribeQuery(LONG_LISTS)
/** Of both together. */
export const WholeQuery = BodyQuery.extend(CREDENTIALS)

const NO_FILTER =
  'say which events: streams=1,2 or users=G… (either or both), types=stream.withdrawn, or all=true'
const ALL_AND_SOME =
  'all=true already includes every stream and user; leave out either all or the others'

export interface Subscribe {
  filter: EventFilter
  cursor: string
  overload: 'retry' | undefined
}

/** What was sent. */
export interface Asked {
  parameters: Record<string, string | string[]>
  /** The header. */
  lastEventId: string | undefined
  /** For parameters in a body. */
  schema?: typeof UrlQuery
}

/** Either the subscription, or why the request is refused. */
export function parseSubscribe({
  parameters,
  lastEventId,
  schema = UrlQuery,
}: Asked): Subscribe | Refused {
  const parsed = schema.safeParse(parameters)
  if (!parsed.success) return badRequest(explain(parsed.error))
  const query = parsed.data
  // In order, so that the feed finds subscriptions with the same filter sooner.
  const [streams, users] = [query.streams?.toSorted() ?? [], query.users?.toSorted() ?? []]
  const { types, overload } = query
  const all = query.all === 'true'
  if (all && streams.length + users.length > 0) {
    return badRequest([{ parameter: 'all', detail: ALL_AND_SOME }])
  }
  if (!all && streams.length + users.length === 0 && types === undefined) {
    return badRequest([{ parameter: 'streams', detail: NO_FILTER }])
  }
  // Some proxies send an empty header for an EventSource that has not seen an id.
  const header = lastEventId?.trim() ?? ''
  if (header !== '' && !FeedCursor.safeParse(header).success) {
    return badRequest([{ parameter: 'Last-Event-ID', detail: CURSOR_FORM }])
  }
  const fromHeader = header === '' ? undefined : header
  const cursor =
    fromHeader ?? query.lastEventId ?? query.last_event_id ?? query.cursor ?? DEFAULT_CURSOR
  return { filter: { streams, users, types }, cursor, overload }
}

function isWord(text: string): boolean {
  return text === 'earliest' || text === 'now'
}
