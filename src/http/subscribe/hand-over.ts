import type { Socket } from 'node:net'
import type { Context } from 'hono'
import type { Logger } from 'pino'
import type { Access } from '../../auth/access.ts'
import type { Refusal, Reserve } from '../../feed/admission.ts'
import type { Feed } from '../../feed/feed.ts'
import type { ClientEnv, Wire } from '../client.ts'
import type { Headers } from '../cors.ts'
import { isRefused, pipelined, respond } from '../problem.ts'
import type { Refused } from '../problem.ts'
import { grant } from './grant.ts'
import type { Granted } from './grant.ts'
import { addressOverShare, feedClosing, feedFull, replayFull, userOverShare } from './refusals.ts'
import type { Subscribe } from './request.ts'
import { openStream, STREAM_HEADERS } from './stream.ts'
import type { Style } from './stream.ts'

/**
 * Answers a request for the feed that has been parsed: with a refusal, or by giving its socket to
 * the feed. The routes that do this share one hand-over, because they share the connections.
 */
export type HandOver = (
  c: Context<ClientEnv>,
  parsed: Subscribe | Refused,
  style?: Style,
) => Response | Promise<Response>

export interface HandOverDeps {
  feed: Feed
  access: Access
  logger: Logger
}

export function createHandOver({ feed, access, logger }: HandOverDeps): HandOver {
  /** Sockets that the feed has. */
  const taken = new WeakSet<Socket>()

  return (c, parsed, style) => {
    const { holder, wire } = c.env
    if (wire !== undefined) {
      const { socket } = wire.incoming
      // A second request on the connection of a subscription cannot be answered.
      if (taken.has(socket)) socket.destroy()
      if (socket.destroyed) return dropped(wire)
    }
    if (isRefused(parsed)) return respond(parsed)
    if (wire === undefined || c.req.method === 'HEAD') return noBody()
    // The connection still belongs to an earlier request that has not been answered.
    if (wire.outgoing.socket === null) return respond(pipelined())
    const granted = grant(parsed, { identity: c.get('identity'), holder }, access.mode)
    const asked: Asked = { wire, granted, style, overload: parsed.overload }
    const refusal = feed.refusal(granted.holder, granted.cursor)
    if (refusal !== undefined) return refuse(c, asked, refusal)
    return feed.reserve === undefined ? open(c, asked) : reserve(c, asked, feed.reserve)
  }

  /** Other processes can have the places that are free here. */
  async function reserve(c: Context<ClientEnv>, asked: Asked, take: Reserve): Promise<Response> {
    const { wire, granted } = asked
    const { refusal, place } = await take(granted.holder)
    // Others can have come meanwhile, and the client can have left.
    const late = refusal ?? feed.refusal(granted.holder, granted.cursor)
    const hasLeft = wire.incoming.socket.destroyed
    if (late === undefined && !hasLeft) return open(c, asked, place)
    if (place !== undefined) feed.giveBack(place)
    return hasLeft || late === undefined ? dropped(wire) : refuse(c, asked, late)
  }

  function refuse(c: Context<ClientEnv>, { wire, overload }: Asked, refusal: Refusal): Response {
    feed.countRefusal(refusal)
    const afterSeconds = 1 + Math.floor(Math.random() * 5)
    if (overload === undefined) return respond(REFUSALS[refusal](afterSeconds))
    answerRetry(wire, { afterSeconds, corsHeaders: c.get('corsHeaders') })
    return noBody()
  }

  function open(c: Context<ClientEnv>, { wire, granted, style }: Asked, place?: number): Response {
    const { incoming } = wire
    const { socket } = incoming
    wire.isTaken = true
    taken.add(socket)
    incoming.resume()
    socket.setTimeout(0)
    openStream({ feed, logger }, granted, {
      ...style,
      place,
      socket,
      chunked: incoming.httpVersionMinor >= 1,
      about: { requestId: c.env.requestId, corsHeaders: c.get('corsHeaders') },
    })
    return noBody()
  }
}

interface Asked {
  wire: Wire
  granted: Granted
  style: Style | undefined
  overload: Subscribe['overload']
}

const REFUSALS: Record<Refusal, (retryAfterSeconds: number) => Refused> = {
  full: feedFull,
  replaying: replayFull,
  closing: feedClosing,
  address: addressOverShare,
  user: userOverShare,
}

/** After any other status than 200 a browser's EventSource never tries again. */
function answerRetry(
  wire: Wire,
  { afterSeconds, corsHeaders }: { afterSeconds: number; corsHeaders: Headers },
): void {
  wire.isTaken = true
  wire.outgoing.writeHead(200, Object.fromEntries([...STREAM_HEADERS, ...corsHeaders]))
  wire.outgoing.end(`retry: ${afterSeconds * 1_000}\n\n`)
}

/** There is nobody to answer. */
function dropped(wire: Wire): Response {
  wire.isTaken = true
  return noBody()
}

/** The answer to HEAD, and what is dropped once the socket is taken. */
function noBody(): Response {
  return new Response(null, { headers: Object.fromEntries(STREAM_HEADERS) })
}
