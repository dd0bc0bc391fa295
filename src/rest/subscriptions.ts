import { isIP } from 'node:net'
import { z } from '@hono/zod-openapi'
import { EVENT_TYPES } from '../domain/event.ts'
import type { EventFilter } from '../domain/filter.ts'
import { instant } from '../domain/times.ts'
import { mergePages } from '../feed/listing.ts'
import { SHOWN_MODES } from '../feed/operation.ts'
import type { ListedSubscription, ListKey } from '../feed/operation.ts'
import { hostOf } from '../http/holder.ts'
import { CursorText, parseJson } from '../http/json.ts'
import { unlessTwice, UserName, pageSize } from '../http/parameters.ts'
import { countOf, operateAll } from '../http/peers.ts'
import type { OperateDeps } from '../http/peers.ts'
import { badRequest, respond } from '../http/problem.ts'
import { createRouter, endpoint, json } from '../http/router.ts'
import { noSuchSubscription, processMissing } from '../http/subscribe/refusals.ts'

/** Subscriptions, for operators: who has which, and how to end them. */

const MAX_PAGE = 1_000
const DEFAULT_PAGE = 100

const HostAddress = z
  .string()
  .refine((text) => isIP(text) !== 0 || isIP(/^(.*)\/64$/.exec(text)?.[1] ?? '') === 6, {
    error: 'an address is an IPv4 or IPv6 address, or the /64 of one, as the list shows it',
  })
  .openapi({ type: 'string', example: '192.0.2.1' })

const ListQuery = z.strictObject({
  user: UserName.optional(),
  address: HostAddress.optional(),
  mode: z
    .enum(SHOWN_MODES, { error: unlessTwice(`a mode is one of ${SHOWN_MODES.join(', ')}`) })
    .optional(),
  limit: pageSize(MAX_PAGE, DEFAULT_PAGE),
  cursor: z.string().optional().openapi({ description: 'nextCursor of the previous page' }),
})

const Filter = z
  .object({
    all: z.literal(true).optional().openapi({ description: 'everything: there is no other field' }),
    streams: z.array(z.string()).optional(),
    users: z.array(z.string()).optional(),
    types: z.array(z.enum(EVENT_TYPES)).optional(),
  })
  .openapi('SubscriptionFilter', { description: 'after it was narrowed to what the user may see' })

const Subscription = z
  .object({
    clientId: z.string(),
    user: z.string().nullable(),
    address: z.string().openapi({ description: 'an IPv6 address as its /64' }),
    mode: z.enum(SHOWN_MODES),
    filter: Filter,
    cursor: CursorText,
    lagLedgers: z.number().int().openapi({ description: 'ledgers of the log still before it' }),
    openedAt: z.string().openapi({ format: 'date-time' }),
  })
  .openapi('Subscription')

const listRoute = endpoint({
  method: 'get',
  path: '/admin/subscriptions',
  summary: 'Open subscriptions, the oldest first',
  request: { query: ListQuery },
  answer: z.object({
    data: z.array(Subscription),
    nextCursor: z.string().nullable().openapi({ description: 'null at the end' }),
  }),
  problems: { 503: 'a process does not answer' },
})

const Closed = z.object({ data: z.object({ closed: z.number().int() }) })

const closeOneRoute = endpoint({
  method: 'delete',
  path: '/admin/subscriptions/{clientId}',
  summary: 'End a subscription',
  request: { params: z.strictObject({ clientId: z.string() }), query: z.strictObject({}) },
  answer: Closed,
  problems: { 404: 'there is no such subscription', 503: 'a process does not answer' },
})

const closeAllRoute = endpoint({
  method: 'delete',
  path: '/admin/subscriptions',
  summary: 'End the subscriptions of a user',
  request: { query: z.strictObject({ user: UserName }) },
  answer: Closed,
  problems: { 503: 'a process does not answer' },
})

const presenceRoute = endpoint({
  method: 'get',
  path: '/admin/users/{user}',
  summary: 'Whether a user has open subscriptions',
  request: { params: z.strictObject({ user: UserName }), query: z.strictObject({}) },
  answer: z.object({
    data: z.object({
      user: z.string(),
      online: z.boolean(),
      subscriptions: z.number().int(),
    }),
  }),
  problems: { 503: 'a process does not answer' },
})

export function subscriptionRoutes(deps: OperateDeps) {
  const router = createRouter()

  router.openapi(listRoute, async (c) => {
    const { cursor, address, ...query } = c.req.valid('query')
    const after = cursor === undefined ? undefined : parseKey(cursor)
    if (cursor !== undefined && after === undefined) {
      return respond(badRequest([{ parameter: 'cursor', detail: BAD_KEY }]))
    }
    const shown = address?.endsWith('/64') ? address.slice(0, -3) : address
    const wanted = { ...query, address: shown && hostOf(shown), after }
    const { outcomes, missing } = await operateAll(deps, { kind: 'list', query: wanted })
    if (missing > 0) return respond(processMissing(missing))
    const pages = outcomes.map(({ page }) => page)
    const { listed, hasMore } = mergePages(pages, query.limit)
    const last = listed.at(-1)
    return json({
      data: listed.map(subscriptionJson),
      nextCursor: hasMore && last !== undefined ? formatKey(last) : null,
    })
  })

  router.openapi(closeOneRoute, async (c) => {
    const { clientId } = c.req.valid('param')
    const outcomes = await operateAll(deps, { kind: 'close', which: { clientId } })
    const closed = countOf(outcomes)
    c.set('done', { closed })
    if (closed === 0 && outcomes.missing > 0) return respond(processMissing(outcomes.missing))
    return closed === 0 ? respond(noSuchSubscription(clientId)) : json({ data: { closed } })
  })

  router.openapi(closeAllRoute, async (c) => {
    const { user } = c.req.valid('query')
    const outcomes = await operateAll(deps, { kind: 'close', which: { user } })
    const closed = countOf(outcomes)
    c.set('done', { closed })
    if (outcomes.missing > 0) return respond(processMissing(outcomes.missing))
    return json({ data: { closed } })
  })

  router.openapi(presenceRoute, async (c) => {
    const { user } = c.req.valid('param')
    const outcomes = await operateAll(deps, { kind: 'count', user })
    const subscriptions = countOf(outcomes)
    if (subscriptions === 0 && outcomes.missing > 0) {
      return respond(processMissing(outcomes.missing))
    }
    return json({ data: { user, online: subscriptions > 0, subscriptions } })
  })
  return router
}

function subscriptionJson(listed: ListedSubscription): z.infer<typeof Subscription> {
  const { clientId, user, address, mode, filter, cursor, lagLedgers, openedAt } = listed
  return {
    clientId,
    user,
    address,
    mode,
    filter: filterJson(filter),
    cursor,
    lagLedgers,
    openedAt: instant(openedAt),
  }
}

/** What narrows it, as it would be asked for. */
function filterJson({ streams, users, types }: EventFilter): z.infer<typeof Filter> {
  if (streams.length + users.length === 0 && types === undefined) return { all: true }
  return {
    ...(streams.length > 0 && { streams: [...streams] }),
    ...(users.length > 0 && { users: [...users] }),
    ...(types !== undefined && { types: [...types] as (typeof EVENT_TYPES)[number][] }),
  }
}

const BAD_KEY = 'is not the nextCursor of a page; leave it out to start over'
const Key = z.tuple([z.number().int(), z.string().max(100)])

function formatKey({ openedAt, clientId }: ListKey): string {
  return Buffer.from(JSON.stringify([openedAt, clientId])).toString('base64url')
}

function parseKey(text: string): ListKey | undefined {
  const parsed = Key.safeParse(parseJson(Buffer.from(text, 'base64url').toString()))
  if (!parsed.success) return undefined
  const [openedAt, clientId] = parsed.data
  return { openedAt, clientId }
}
