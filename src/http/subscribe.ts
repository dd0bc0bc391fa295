import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { z } from '@hono/zod-openapi'
import { parseCursor } from '../domain/cursor.ts'
import type { Feed } from '../feed/feed.ts'
import type { EventFilter } from '../store/log.ts'
import { EventFilterQuery, explain, queryRecord } from './parameters.ts'
import {
  addressOverShare,
  badRequest,
  feedClosing,
  feedFull,
  pipelined,
  PROBLEM_TYPE,
} from './problem.ts'
import type { Refused } from './problem.ts'

/**
 * The feed's route, on the bare socket: behind Hono every subscription would cost several times
 * its memory. The whole request is validated before the first byte of a 200.
 */
export const SUBSCRIBE_PATH = '/events/subscribe'

/** Where a client without a cursor begins. */
const DEFAULT_CURSOR = 'now'

const CURSOR_FORM =
  'a cursor is an event id, another position of that form (19 digits, a dash, 10 digits), earliest, or now'

const FeedCursor = z
  .string()
  .refine((text) => isWord(text) || parseCursor(text) !== undefined, { error: CURSOR_FORM })

const SubscribeQuery = z.strictObject({
  ...EventFilterQuery,
  all: z.enum(['true', 'false'], { error: 'all is true or false' }).optional(),
  lastEventId: FeedCursor.optional(),
  last_event_id: FeedCursor.optional(),
  cursor: FeedCursor.optional(),
  overload: z
    .enum(['retry'], {
      error: 'overload can be retry, which answers a refusal with 200 and retry:',
    })
    .optional(),
})

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
  search: URLSearchParams,
  lastEventId: string | undefined,
): Subscribe | Refused {
  const parsed = SubscribeQuery.safeParse(queryRecord(search))
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

/** Sockets that are the feed's now; a pipelined request behind a subscription is not answered. */
export type Taken = WeakSet<Socket>

export function answerSubscribe(
  {
    feed,
    addressOf,
    taken,
  }: { feed: Feed; addressOf: (message: IncomingMessage) => string; taken: Taken },
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { socket } = request
  if (taken.has(socket)) {
    socket.destroy()
    return
  }
  const search = new URL(request.url ?? '/', 'http://localhost').searchParams
  const header = request.headers['last-event-id']
  const parsed = parseSubscribe(search, Array.isArray(header) ? header[0] : header)
  if ('problem' in parsed) return refuse(response, parsed)
  // Until an earlier request on the connection has been answered, the socket is not ours to write.
  if (response.socket === null) return refuse(response, pipelined())
  if (request.method === 'HEAD') {
    response.writeHead(200, Object.fromEntries(HEAD_LINES)).end()
    return
  }
  const address = addressOf(request)
  const refusal = feed.refusal(address)
  const chunked = request.httpVersionMinor >= 1
  if (refusal !== undefined) {
    const after = 1 + Math.floor(Math.random() * 5)
    if (parsed.overload === 'retry') return answerRetry(response, after)
    const refusals = { full: feedFull, closing: feedClosing, address: addressOverShare }
    return refuse(response, refusals[refusal](after))
  }
  taken.add(socket)
  request.resume()
  socket.setNoDelay(true)
  socket.setTimeout(0)
  socket.write(head(chunked))
  feed.subscribe({
    socket,
    chunked,
    filter: parsed.filter,
    cursor: parsed.cursor,
    address,
    clientId: randomUUID(),
  })
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

function refuse(response: ServerResponse, { problem, headers }: Refused): void {
  response.writeHead(problem.status, {
    'content-type': PROBLEM_TYPE,
    'access-control-allow-origin': '*',
    ...headers,
  })
  response.end(JSON.stringify(problem))
}
