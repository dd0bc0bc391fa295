import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import type { Feed } from '../../feed/feed.ts'
import type { SubscribeRequest } from '../../feed/opening.ts'
import type { Headers } from '../cors.ts'
import { commonHeaders } from '../request-id.ts'
import type { Granted } from './grant.ts'

/** The headers of a feed, besides those that every answer has. */
export const STREAM_HEADERS: Headers = [
  ['Content-Type', 'text/event-stream'],
  ['Cache-Control', 'no-cache, no-transform'],
  ['X-Accel-Buffering', 'no'],
]

/** Gives the socket to the feed: from here on nothing else may write to it. */
export function openStream(
  { feed, logger }: { feed: Feed; logger: Logger },
  { holder, ...granted }: Granted,
  { about, ...options }: StreamOptions,
): void {
  const clientId = flat(randomUUID())
  const head = headOf(options.chunked, about)
  logger.debug({ requestId: about.requestId, clientId, address: holder.address }, 'subscribed')
  feed.subscribe({ ...granted, ...options, ...holder, clientId, head })
}

/** What the answer says about its request. */
interface About {
  requestId: string
  corsHeaders: Headers
}

interface StreamOptions extends Style {
  about: About
  socket: Socket
  /** False for HTTP/1.0, which has no chunks. */
  chunked: boolean
  /** Among all processes, if there are others. */
  place?: number | undefined
}

/** What only clients of another API need. */
export type Style = Pick<SubscribeRequest, 'dialect' | 'isAgeless' | 'requestId'>

/** The connection ends with the stream, because its length is not known. */
function headOf(chunked: boolean, { requestId, corsHeaders }: About): string {
  const headers = [...STREAM_HEADERS, ...commonHeaders(requestId), ...corsHeaders]
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const framing = chunked ? 'Transfer-Encoding: chunked\r\n' : ''
  const date = `Date: ${new Date().toUTCString()}\r\n`
  return `HTTP/1.1 200 OK\r\n${lines}${date}${framing}Connection: close\r\n\r\n`
}

/** The same text in one piece: Node joins it of twenty, which together need half a kilobyte. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
