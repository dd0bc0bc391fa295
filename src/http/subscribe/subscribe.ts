import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { z } from '@hono/zod-openapi'
import { parseCursor } from '../../domain/cursor.ts'
import type { Holder, Refusal } from '../../feed/admission.ts'
import type { Feed } from '../../feed/feed.ts'
import type { EventFilter } from '../../domain/filter.ts'
import { originOf } from '../holder.ts'
import type { Origin } from '../holder.ts'
import { readBody } from './body.ts'
import { parseLaneRequest } from '../server/lane.ts'
import {
  eventFilterQuery,
  explain,
  LONG_LISTS,
  queryRecord,
  SHORT_LISTS,
  unlessTwice,
} from '../parameters.ts'
import { targetOf } from '../server/target.ts'
import {
  addressOverShare,
  badRequest,
  feedClosing,
  feedFull,
  isRefused,
  pipelined,
  replayFull,
  userOverShare,
} from '../problem.ts'
import type { Refused } from '../problem.ts'
import { answerProblem } from '../server/refusal.ts'

/**
 * The feed's route, on the bare socket: behind Hono every subscription would cost several times
 * its memory. The whole request is validated before the first byte of a 200.
 */
export const SUBSCRIBE_PATH = '/events/subscribe'
export const SUBSCRIBE_METHODS = ['GET', 'HEAD', 'POST', 'QUERY']

/** Where a client without a cursor begins. */
const DEFAULT_CURSOR = 'now'

const CURSOR_FORM =
  'a cursor is an event id, another position of that form (19 digits, a dash, 10 digits), earliest, or now'

const FeedCursor = z
  .string()
  .refine((text) => isWord(text) || parseCursor(text) !== undefined, { error: CURSOR_FORM })

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
const UrlQuery = subscribeQuery(SHORT_LISTS)
const BodyQuery = subscribeQuery(LONG_LISTS)

const NO_FILTER =
  'say which events: streams=1,2 or users=G… (either or both), types=stream.withdrawn, or all=true'
const ALL_AND_SOME = 'all=true already holds every stream and user; leave out the one or the others'

export interface Subscribe {
  filter: EventFilter
  cursor: string
  overload: 'retry' | undefined
}

/** The subscription a request asks for, or why it asks for none. */
export function parseSubscribe(
  record: Record<string, string | string[]>,
  lastEventId: string | undefined,
  from: 'url' | 'body' = 'url',
): Subscribe | Refused {
  const parsed = (from === 'url' ? UrlQuery : BodyQuery).safeParse(record)
  if (!parsed.success) return badRequest(explain(parsed.error))
  const query = parsed.data
  const { streams = [], users = [], types, overload } = query
  const all = query.all === 'true'
  if (all && streams.length + users.length > 0) {
    return badRequest([{ parameter: 'all', detail: ALL_AND_SOME }])
  }
  if (!all && streams.length + users.length === 0 && types === undefined) {
    return badRequest([{ parameter: 'streams', detail: NO_FILTER }])
  }
  // An EventSource that has seen no id sends no header, some proxies an empty one.
  const header = lastEventId?.trim() ?? ''
  if (header !== '' && !FeedCursor.safeParse(header).success) {
    return badRequest([{ parameter: 'Last-Event-ID', detail: CURSOR_FORM }])
  }
  const asked = header === '' ? undefined : header
  const cursor = asked ?? query.lastEventId ?? query.last_event_id ?? query.cursor ?? DEFAULT_CURSOR
  return { filter: { streams, users, types }, cursor, overload }
}

function isWord(text: string): boolean {
  return text === 'earliest' || text === 'now'
}

interface SubscribeDeps {
  feed: Feed
  holderOf(origin: Origin): Holder
}

/**
 * Serves a connection whose first bytes are a plain request for the feed that can be granted. False
 * where they are not: then nothing has been done, and the HTTP server is to have the connection.
 */
export function takeLane(
  { feed, holderOf }: SubscribeDeps,
  socket: Socket,
  bytes: Buffer,
): boolean {
  const request = parseLaneRequest(bytes)
  if (request === undefined) return false
  const parsed = parseSubscribe(queryRecord(request.search), request.lastEventId)
  if (isRefused(parsed)) return false
  const holder = holderOf({ remoteAddress: socket.remoteAddress, ...request })
  if (!feed.hasPlace(holder, parsed.cursor)) return false
  socket.on('end', hangUp).on('error', hangUp).resume()
  begin(feed, socket, { ...parsed, ...holder, chunked: true })
  return true
}

/** As the HTTP server does: a client that has closed its end is gone. */
function hangUp(this: Socket): void {
  this.destroy()
}

/** Sockets that are the feed's now; a pipelined request behind a subscription is not answered. */
export type Taken = WeakSet<Socket>

/** Answers a request for the feed that came through the HTTP server. */
export async function answerSubscribe(
  { feed, holderOf, taken }: SubscribeDeps & { taken: Taken },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { socket } = request
  const parsed = await parseRequest(request)
  if (taken.has(socket)) socket.destroy()
  if (socket.destroyed) return
  if (isRefused(parsed)) return answerProblem(request, response, parsed)
  // Until an earlier request on the connection has been answered, the socket is not ours to write.
  if (response.socket === null) return answerProblem(request, response, pipelined())
  if (request.method === 'HEAD') {
    response.writeHead(200, Object.fromEntries(HEAD_LINES)).end()
    return
  }
  const holder = holderOf(originOf(request))
  const refusal = feed.refusal(holder, parsed.cursor)
  if (refusal !== undefined) {
    const after = 1 + Math.floor(Math.random() * 5)
    if (parsed.overload === 'retry') return answerRetry(response, after)
    return answerProblem(request, response, REFUSALS[refusal](after))
  }
  taken.add(socket)
  request.resume()
  socket.setTimeout(0)
  begin(feed, socket, { ...parsed, ...holder, chunked: request.httpVersionMinor >= 1 })
}

const REFUSALS: Record<Refusal, (retryAfterSeconds: number) => Refused> = {
  full: feedFull,
  replaying: replayFull,
  closing: feedClosing,
  address: addressOverShare,
  user: userOverShare,
}

async function parseRequest(request: IncomingMessage): Promise<Subscribe | Refused> {
  const record = queryRecord(targetOf(request.url).search)
  const lastEventId = headerOf(request, 'last-event-id')
  if (request.method === 'GET' || request.method === 'HEAD') {
    return parseSubscribe(record, lastEventId)
  }
  const body = await readBody(request)
  if (isRefused(body)) return body
  for (const [key, values] of Object.entries(body)) {
    const others = record[key]
    record[key] = others === undefined ? values : [others, values].flat()
  }
  return parseSubscribe(record, lastEventId, 'body')
}

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

function begin(
  feed: Feed,
  socket: Socket,
  asked: { filter: EventFilter; cursor: string; chunked: boolean } & Holder,
): void {
  const { filter, cursor, chunked, address, user } = asked
  const clientId = randomUUID()
  feed.subscribe({ socket, chunked, filter, cursor, address, user, clientId, head: head(chunked) })
}

const HEAD_LINES: readonly (readonly [string, string])[] = [
  ['Content-Type', 'text/event-stream'],
  ['Cache-Control', 'no-cache, no-transform'],
  ['X-Accel-Buffering', 'no'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Access-Control-Allow-Origin', '*'],
]

/** The response head: the connection ends with the stream, which is never of a known length. */
function head(chunked: boolean): string {
  const lines = HEAD_LINES.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const framing = chunked ? 'Transfer-Encoding: chunked\r\n' : ''
  const date = `Date: ${new Date().toUTCString()}\r\n`
  return `HTTP/1.1 200 OK\r\n${lines}${date}${framing}Connection: close\r\n\r\n`
}

/** A native EventSource gives up for good on any other status: it is told when to come back. */
function answerRetry(response: ServerResponse, afterSeconds: number): void {
  response.writeHead(200, Object.fromEntries(HEAD_LINES))
  response.end(`retry: ${afterSeconds * 1_000}\n\n`)
}
