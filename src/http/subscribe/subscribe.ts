import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Slices } from '../../domain/slices.ts'
import type { ClientEnv } from '../client.ts'
import { queryRecord, searchOf } from '../parameters.ts'
import { badRequest, isRefused } from '../problem.ts'
import type { Refused } from '../problem.ts'
import { createRouter, refusals } from '../router.ts'
import { parseBody, readBody } from './body.ts'
import type { Body } from './body.ts'
import { FeedFrame } from './frames.ts'
import type { HandOver } from './hand-over.ts'
import {
  BodyQuery,
  CREDENTIALS,
  FeedCursor,
  parseSubscribe,
  SUBSCRIBE_PATH,
  UrlQuery,
  WholeQuery,
} from './request.ts'
import type { Asked, Subscribe } from './request.ts'

/**
 * The route of the feed. It validates the whole request first and answers a refusal like any other
 * route. Then it takes the socket over: a response body that goes through Hono costs several times
 * the memory. `server/lane.ts` answers most requests before they get here, with the same bytes.
 *
 * - `request.ts` the parameters, and what they ask for · `apis.ts` the APIs that have a feed
 * - `body.ts` parameters in the body of a POST or QUERY
 * - `hand-over.ts` the refusal, or the hand-over of the socket to the feed
 * - `refusals.ts` what refusals about subscriptions say
 * - `grant.ts` what the sender may have of it
 * - `stream.ts` the response head
 * - `frames.ts` the frames, for the OpenAPI document
 */
export function subscribeRoutes({ slices, handOver }: { slices: Slices; handOver: HandOver }) {
  const router = createRouter()
  declareRoute(router)
  // Hono answers HEAD with what it has for GET.
  router.on(['GET', 'POST', 'QUERY'], SUBSCRIBE_PATH, async (c) =>
    handOver(c, await parseRequest(c, slices)),
  )
  return router
}

/**
 * The longest lists take several milliseconds. So they are parsed in turns with other long work, in
 * which one address does not delay the others.
 */
async function parseRequest(
  { req, env }: Context<ClientEnv>,
  slices: Slices,
): Promise<Subscribe | Refused> {
  // As it came: Hono has changed how some characters are written.
  const parameters = queryRecord(searchOf(env.wire?.incoming.url ?? req.url))
  const lastEventId = req.header('last-event-id')
  if (env.wire === undefined || req.method === 'GET' || req.method === 'HEAD') {
    return parseSubscribe({ parameters, lastEventId })
  }
  const body = await readBody(env.wire.incoming)
  if (isRefused(body)) return body
  return slices.run(env.holder.address, parseInSteps({ parameters, lastEventId }, body))
}

function* parseInSteps(asked: Asked, body: Body): Generator<void, Subscribe | Refused> {
  yield
  const inBody = parseBody(body)
  if (isRefused(inBody)) return inBody
  yield
  const { parameters } = asked
  for (const [key, values] of Object.entries(inBody)) {
    if (Object.hasOwn(CREDENTIALS, key)) {
      return badRequest([{ parameter: key, detail: 'belongs into the query, not into the body' }])
    }
    const others = parameters[key]
    parameters[key] = others === undefined ? values : [others, values].flat()
  }
  const parsed = parseSubscribe({ ...asked, schema: WholeQuery })
  yield
  return parsed
}

/** For the OpenAPI document, which has no QUERY. The handler validates, as the lane does. */
function declareRoute({ openAPIRegistry }: ReturnType<typeof createRouter>): void {
  const responses = {
    200: {
      description: 'a stream of server-sent events; these are its frames',
      content: { 'text/event-stream': { schema: FeedFrame } },
    },
    ...refusals({
      400: 'a parameter is invalid, or there is no filter',
      401: 'there is no valid token (only with AUTH=jwt)',
      429: 'the address or the user has reached its limit of subscriptions',
      503: 'the feed is full or closing',
    }),
  }
  const header = z.object({ 'Last-Event-ID': FeedCursor.optional() })
  openAPIRegistry.registerPath({
    method: 'get',
    path: SUBSCRIBE_PATH,
    summary: 'Subscribe to events',
    request: { query: UrlQuery, headers: header },
    responses,
  })
  openAPIRegistry.registerPath({
    method: 'post',
    path: SUBSCRIBE_PATH,
    summary: 'Subscribe to events, with room for longer lists; QUERY is answered alike',
    request: {
      query: UrlQuery,
      headers: header,
      body: {
        content: {
          'application/json': { schema: BodyQuery },
          'application/x-www-form-urlencoded': { schema: BodyQuery },
        },
      },
    },
    responses: {
      ...responses,
      ...refusals({ 413: 'the body is too large', 415: 'the body has another type' }),
    },
  })
}
