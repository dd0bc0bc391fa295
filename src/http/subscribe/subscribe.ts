import type { Socket } from 'node:net'
import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Slices } from '../../domain/slices.ts'
import type { Refusal } from '../../feed/admission.ts'
import type { Feed } from '../../feed/feed.ts'
import type { ClientEnv, Wire } from '../client.ts'
import { queryRecord, searchOf } from '../parameters.ts'
import {
  addressOverShare,
  feedClosing,
  feedFull,
  isRefused,
  pipelined,
  replayFull,
  respond,
  userOverShare,
} from '../problem.ts'
import type { Refused } from '../problem.ts'
import { createRouter, refusals } from '../router.ts'
import { parseBody, readBody } from './body.ts'
import type { Body } from './body.ts'
import { FeedFrame } from './frames.ts'
import { BodyQuery, FeedCursor, parseSubscribe, SUBSCRIBE_PATH, UrlQuery } from './request.ts'
import type { Asked, Subscribe } from './request.ts'
import { openStream, STREAM_HEADERS } from './stream.ts'

/**
 * The route of the feed. It validates the whole request first and answers a refusal like any other
 * route. Then it takes the socket over: a response body that goes through Hono costs several times
 * the memory. `server/lane.ts` answers most requests before they get here, with the same bytes.
 *
 * - `request.ts` the parameters, and what they ask for
 * - `body.ts` parameters in the body of a POST or QUERY
 * - `stream.ts` the response head, and the hand-over of the socket to the feed
 * - `frames.ts` the frames, for the OpenAPI document
 */
export function subscribeRoutes({ feed, slices }: { feed: Feed; slices: Slices }) {
  const router = createRouter()
  declareRoute(router)
  /** Sockets that the feed has. */
  const taken = new WeakSet<Socket>()

  async function subscribe(c: Context<ClientEnv>): Promise<Response> {
    const { holder, wire } = c.env
    const parsed = await parseRequest(c, slices)
    if (wire !== undefined) {
      const { socket } = wire.incoming
      // A second request on the connection of a subscription cannot be answered.
      if (taken.has(socket)) socket.destroy()
      if (socket.destroyed) {
        wire.isTaken = true
        return noBody()
      }
    }
    if (isRefused(parsed)) return respond(parsed)
    if (wire === undefined || c.req.method === 'HEAD') return noBody()
    const { incoming, outgoing } = wire
    // The connection still belongs to an earlier request that has not been answered.
    if (outgoing.socket === null) return respond(pipelined())
    const refusal = feed.refusal(holder, parsed.cursor)
    if (refusal !== undefined) {
      feed.countRefusal(refusal)
      const afterSeconds = 1 + Math.floor(Math.random() * 5)
      if (parsed.overload === undefined) return respond(REFUSALS[refusal](afterSeconds))
      answerRetry(wire, afterSeconds)
      return noBody()
    }
    const { socket } = incoming
    wire.isTaken = true
    taken.add(socket)
    incoming.resume()
    socket.setTimeout(0)
    openStream(feed, { ...parsed, socket, holder, chunked: incoming.httpVersionMinor >= 1 })
    return noBody()
  }

  // Hono answers HEAD with what it has for GET.
  router.on(['GET', 'POST', 'QUERY'], SUBSCRIBE_PATH, subscribe)
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
    const others = parameters[key]
    parameters[key] = others === undefined ? values : [others, values].flat()
  }
  const parsed = parseSubscribe({ ...asked, schema: BodyQuery })
  yield
  return parsed
}

const REFUSALS: Record<Refusal, (retryAfterSeconds: number) => Refused> = {
  full: feedFull,
  replaying: replayFull,
  closing: feedClosing,
  address: addressOverShare,
  user: userOverShare,
}

/** After any other status than 200 a browser's EventSource never tries again. */
function answerRetry(wire: Wire, afterSeconds: number): void {
  wire.isTaken = true
  wire.outgoing.writeHead(200, Object.fromEntries(STREAM_HEADERS))
  wire.outgoing.end(`retry: ${afterSeconds * 1_000}\n\n`)
}

/** The answer to HEAD, and what is dropped once the socket is taken. */
function noBody(): Response {
  return new Response(null, { headers: Object.fromEntries(STREAM_HEADERS) })
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
