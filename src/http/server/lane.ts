import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import type { Access } from '../../auth/access.ts'
import { PUBLIC } from '../../auth/identity.ts'
import type { Identity } from '../../auth/identity.ts'
import type { Feed } from '../../feed/feed.ts'
import type { Cors } from '../cors.ts'
import type { HolderOf } from '../holder.ts'
import { isRefused } from '../problem.ts'
import type { RequestIdOf } from '../request-id.ts'
import { grant } from '../subscribe/grant.ts'
import type { Granted } from '../subscribe/grant.ts'
import type { FeedApi } from '../subscribe/apis.ts'
import type { Subscribe } from '../subscribe/request.ts'
import { openStream } from '../subscribe/stream.ts'
import type { ConnectionListener } from './bind.ts'
import { hangUp } from './hang-up.ts'
import { parseLaneRequest } from './lane-request.ts'
import type { LaneRequest } from './lane-request.ts'
import type { WaitingConnections } from './waiting-connections.ts'

/**
 * The lean lane: subscriptions that bypass Node's HTTP server, which keeps several times more
 * memory per connection than a subscription needs. The lane looks at the first bytes of each
 * connection. If they are one plain, whole request for the feed that can be granted, the feed gets
 * the bare socket. Everything else goes to the HTTP server, untouched. So the lane refuses nothing
 * and never decides differently from the HTTP server.
 */

interface LaneDeps {
  feed: Feed
  access: Access
  holderOf: HolderOf
  logger: Logger
  cors: Cors
  requestIdOf: RequestIdOf
  apis: readonly FeedApi[]
  waiting: WaitingConnections
  /** How long a connection may be silent before it is closed. */
  silenceMs: number
}

export interface Lane {
  /** Closes the connections that have sent nothing yet: the HTTP server does not know them. */
  closeSilent(): void
}

const SWEEP_MS = 1_000

/** Puts the lane in front of the HTTP server. */
export function openLane(server: Server, { waiting, silenceMs, ...deps }: LaneDeps): Lane {
  const { access, feed } = deps
  const serveHttp = server.listeners('connection') as ConnectionListener[]
  /**
   * Connections that the HTTP server does not know, and the feed neither, and since when: the oldest
   * first. one timer for all: a timer of its own would leave 200 bytes on each socket for good.
   */
  const silent = new Map<Socket, number>()
  const sweeping = setInterval(sweep, SWEEP_MS).unref()
  server.removeAllListeners('connection')

  function onFirst(this: Socket, bytes: Buffer): void {
    const asked = readRequest(deps, bytes)
    if (asked === undefined) decide(this, { open: undefined, bytes })
    else if (access.mode === 'open' && feed.reserve === undefined) {
      decide(this, { open: opening(deps, this, asked), bytes })
    } else void lookUp(this, asked, bytes)
  }

  /** Reads nothing else of the connection until it is known who asks, and whether there is a place. */
  async function lookUp(socket: Socket, asked: Asked, bytes: Buffer): Promise<void> {
    socket.pause()
    // Its request is whole: it does not count among those that wait for one.
    waiting.requested(socket)
    const identity = await identityOf(deps, asked)
    const known = identity && identified(asked, identity)
    const open = known && (await reserved(deps, socket, known))
    if (identity !== undefined && open === undefined) {
      // The HTTP server has to find what it refuses.
      await access.giveBack(asked.request.carriers, identity).catch(() => {})
    }
    if (socket.destroyed) return
    decide(socket, { open, bytes })
    socket.resume()
  }

  /** Gives the connection to the feed or to the HTTP server. */
  function decide(
    socket: Socket,
    { open, bytes }: { open: Open | undefined; bytes: Buffer },
  ): void {
    silent.delete(socket)
    socket.off('close', onClose).off('end', hangUp).off('error', hangUp)
    if (open !== undefined) {
      open()
      waiting.requested(socket)
      return
    }
    for (const listener of serveHttp) listener.call(server, socket)
    socket.unshift(bytes)
  }

  function onClose(this: Socket): void {
    silent.delete(this)
  }

  function sweep(): void {
    const before = performance.now() - silenceMs
    for (const [socket, since] of silent) {
      if (since > before) return
      socket.destroy()
    }
  }

  server.on('connection', (socket) => {
    silent.set(socket, Math.floor(performance.now()))
    socket.once('data', onFirst).on('close', onClose).on('end', hangUp).on('error', hangUp)
  })
  return {
    closeSilent() {
      clearInterval(sweeping)
      for (const socket of silent.keys()) socket.destroy()
    },
  }
}

/** Undefined if the HTTP server has to say why there is none. */
async function identityOf(
  { access }: OpeningDeps,
  { request, identity }: Asked,
): Promise<Identity | undefined> {
  if (access.mode === 'open') return identity
  try {
    const sender = await access.senderOf(request.carriers)
    return typeof sender === 'string' ? undefined : sender
  } catch {
    return undefined
  }
}

interface Asked {
  request: LaneRequest
  api: FeedApi
  wanted: Subscribe
  identity: Identity
  /** Among all processes, if there are others. */
  place?: number
}

/** The request of someone who is not identified yet, if the lane takes it. */
function readRequest({ apis }: OpeningDeps, bytes: Buffer): Asked | undefined {
  const request = parseLaneRequest(bytes)
  if (request === undefined) return undefined
  const api = apis.find(({ path }) => path === request.path)
  return api && identified({ request, api }, PUBLIC)
}

/** What someone wants can depend on who it is. */
function identified({ request, api }: Pick<Asked, 'request' | 'api'>, identity: Identity) {
  const wanted = api.parse(request, identity)
  return isRefused(wanted) ? undefined : { request, api, wanted, identity }
}

type Open = () => void

/** Opens the subscription, which has a place among all processes; undefined if it has not. */
async function reserved(
  deps: OpeningDeps,
  socket: Socket,
  asked: Asked,
): Promise<Open | undefined> {
  const { feed } = deps
  if (feed.reserve === undefined) return opening(deps, socket, asked)
  const granted = grantedTo(deps, socket, asked)
  if (feed.refusal(granted.holder, granted.cursor) !== undefined) return undefined
  const { place } = await feed.reserve(granted.holder)
  if (place === undefined) return undefined
  const open = socket.destroyed ? undefined : opening(deps, socket, { ...asked, place })
  if (open === undefined) feed.giveBack(place)
  return open
}

type OpeningDeps = Omit<LaneDeps, 'waiting' | 'silenceMs'>

function grantedTo({ access, holderOf }: OpeningDeps, socket: Socket, asked: Asked): Granted {
  const { request, wanted, identity } = asked
  const holder = holderOf({ remoteAddress: socket.remoteAddress, ...request })
  return grant(wanted, { identity, holder }, access.mode)
}

/** Opens the subscription; undefined if the lane cannot grant it. It is to be called at once. */
function opening(deps: OpeningDeps, socket: Socket, asked: Asked): Open | undefined {
  const { feed, cors, requestIdOf, logger } = deps
  const { request, api, place } = asked
  const corsHeaders = cors.headersFor(request)
  if (corsHeaders === undefined) return undefined
  const granted = grantedTo(deps, socket, asked)
  if (feed.refusal(granted.holder, granted.cursor) !== undefined) return undefined
  return () => {
    // As in the HTTP server, a client that has closed its end is gone.
    socket.on('end', hangUp).on('error', hangUp).resume()
    const requestId = requestIdOf({ remoteAddress: socket.remoteAddress, ...request })
    openStream({ feed, logger }, granted, {
      ...api.styleOf?.(requestId),
      place,
      socket,
      chunked: true,
      about: { requestId, corsHeaders },
    })
  }
}
