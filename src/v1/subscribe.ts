import { z } from '@hono/zod-openapi'
import type { Identity } from '../auth/identity.ts'
import { queryRecord, searchOf, SHORT_LISTS } from '../http/parameters.ts'
import { badRequest } from '../http/problem.ts'
import type { Refused } from '../http/problem.ts'
import { createRouter } from '../http/router.ts'
import type { HandOver } from '../http/subscribe/hand-over.ts'
import { FeedCursor, SUBSCRIBE_PATH } from '../http/subscribe/request.ts'
import type { FeedApi } from '../http/subscribe/apis.ts'
import type { Asked, Subscribe } from '../http/subscribe/request.ts'
import { V1 } from '../http/v1-path.ts'
import { v1Dialect } from './dialect.ts'
import { FRAME_NAMES, V1_TYPES } from './event.ts'
import type { ReadEvent } from './event.ts'
import { Text, urlOf, v1Get } from './route.ts'
import { streamIdOf } from './streams.ts'

/** FlowFi's feed: the same subscriptions, with their names and fields. */

const Frame = z
  .object({
    event: z.enum(FRAME_NAMES).optional(),
    data: z.looseObject({ transactionHash: z.string(), ledger: z.number().int() }),
    id: z.string(),
  })
  .openapi('V1Frame', { description: 'an event; our control frames are sent too' })

/** Their feed, for whichever part of the server takes its requests. */
export function createV1Feed(read: ReadEvent): FeedApi {
  const dialect = v1Dialect(read)
  return {
    path: V1 + SUBSCRIBE_PATH,
    parse,
    // Their hook does not resume, so that an end for age would cost it events.
    styleOf: (requestId) => ({ dialect, isAgeless: true, requestId }),
  }
}

export function subscribeRoutes({ handOver, v1Feed }: { handOver: HandOver; v1Feed: FeedApi }) {
  const router = createRouter()
  v1Get(
    router,
    {
      path: '/events/subscribe',
      summary: 'Subscribe to events',
      query: {
        streams: Text.openapi({ description: 'ids; repeat it for several' }),
        users: Text.openapi({ description: 'addresses; repeat it for several' }),
        all: Text,
        lastEventId: Text,
        cursor: Text,
        token: Text,
      },
      answer: Frame,
      type: 'text/event-stream',
    },
    (c) => {
      const parameters = queryRecord(searchOf(urlOf(c)))
      const asked = { parameters, lastEventId: c.req.header('last-event-id') }
      return handOver(c, v1Feed.parse(asked, c.get('identity')), v1Feed.styleOf?.(c.env.requestId))
    },
  )
  return router
}

const CURSORS = ['lastEventId', 'last_event_id', 'cursor']

function parse(
  { parameters, lastEventId }: Pick<Asked, 'parameters' | 'lastEventId'>,
  { subject }: Identity,
): Subscribe | Refused {
  const all = [parameters['all'] ?? []].flat()
  const streams = listed(parameters['streams'])
  const users = listed(parameters['users'])
  const header = lastEventId?.trim() ?? ''
  const given = header === '' ? CURSORS.map((name) => parameters[name]) : [header]
  const cursor = given.flat().find((text) => text !== undefined) ?? 'now'
  const problems = problemsOf({ streams, users, all, cursor })
  if (problems.length > 0) return badRequest(problems)
  const ids = streams.flatMap((text) => streamIdOf(text) ?? [])
  const isAll = all.includes('true')
  const isOwn = !isAll && ids.length + users.length === 0 && subject !== null
  const filter = {
    streams: isAll ? [] : ids.toSorted(),
    // Without a filter: what concerns the token's user.
    users: isAll ? [] : isOwn ? [subject] : users.toSorted(),
    types: V1_TYPES,
  }
  return { filter, cursor, overload: undefined }
}

/** Values that are repeated, comma-separated, or both. */
function listed(given: string | string[] = []): string[] {
  return [...new Set([given].flat().flatMap((text) => text.split(',')))]
}

interface Given {
  streams: readonly string[]
  users: readonly string[]
  all: readonly string[]
  cursor: string
}

function problemsOf({ streams, users, all, cursor }: Given) {
  const problems: { parameter: string; detail: string }[] = []
  const add = (parameter: string, detail: string) => problems.push({ parameter, detail })
  if (streams.some((text) => streamIdOf(text) === undefined)) {
    add('streams', 'a stream id is a whole number')
  }
  if (streams.length > SHORT_LISTS.streams) add('streams', `at most ${SHORT_LISTS.streams} at once`)
  if (users.length > SHORT_LISTS.users) add('users', `at most ${SHORT_LISTS.users} at once`)
  if (all.some((text) => text !== 'true' && text !== 'false')) add('all', 'all is true or false')
  if (!FeedCursor.safeParse(cursor).success) add('Last-Event-ID', 'is not the id of an event')
  return problems
}
