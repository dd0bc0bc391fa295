import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Feed } from '../../feed/feed.ts'
import type { SubscribeRequest } from '../../feed/opening.ts'
import { ALLOW_ORIGIN } from '../middleware/cors.ts'
import type { Granted } from './grant.ts'

/** The headers of a feed, whichever way the request came in. */
export const STREAM_HEADERS: readonly (readonly [string, string])[] = [
  ['Content-Type', 'text/event-stream'],
  ['Cache-Control', 'no-cache, no-transform'],
  ['X-Accel-Buffering', 'no'],
  ['X-Content-Type-Options', 'nosniff'],
  ALLOW_ORIGIN,
]

/** Gives the socket to the feed: from here on nothing else may write to it. */
export function openStream(
  feed: Feed,
  { holder, ...granted }: Granted,
  options: StreamOptions,
): void {
  const clientId = randomUUID()
  feed.subscribe({ ...granted, ...options, ...holder, clientId, head: head(options.chunked) })
}

interface StreamOptions extends Style {
  socket: Socket
  /** False for HTTP/1.0, which has no chunks. */
  chunked: boolean
}

/** What only clients of another API need. */
export type Style = Pick<SubscribeRequest, 'dialect' | 'isAgeless' | 'requestId'>

/** The connection ends with the stream, because its length is not known. */
function head(chunked: boolean): string {
  const lines = STREAM_HEADERS.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const framing = chunked ? 'Transfer-Encoding: chunked\r\n' : ''
  const date = `Date: ${new Date().toUTCString()}\r\n`
  return `HTTP/1.1 200 OK\r\n${lines}${date}${framing}Connection: close\r\n\r\n`
}
