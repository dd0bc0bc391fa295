import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import type { Access } from '../../auth/access.ts'
import type { Carriers } from '../../auth/credentials.ts'
import { PUBLIC } from '../../auth/identity.ts'
import type { Identity } from '../../auth/identity.ts'
import type { Feed } from '../../feed/feed.ts'
import type { Cors } from '../cors.ts'
import type { HolderOf } from '../holder.ts'
import { carriersOf } from '../carriers.ts'
import { queryRecord } from '../parameters.ts'
import { isRefused } from '../problem.ts'
import type { RequestIdOf } from '../request-id.ts'
import { grant } from '../subscribe/grant.ts'
import { parseSubscribe, SUBSCRIBE_PATH } from '../subscribe/request.ts'
import type { Subscribe } from '../subscribe/request.ts'
import { openStream } from '../subscribe/stream.ts'
import type { ConnectionListener } from './bind.ts'
import { hangUp } from './hang-up.ts'
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
  waiting: WaitingConnections
  /** How long a connection may be silent before it is closed. */
  silenceMs: number
}

export interface Lane {
  /** Closes the connections that have sent nothing yet: the HTTP server does not know them. */
  closeSilent(): void
}

/** Puts the lane in front of the HTTP server. */
export function openLane(server: Server, { waiting, silenceMs, ...deps }: LaneDeps): Lane {
  const { access } = deps
  const serveHttp = server.listeners('connection') as ConnectionListener[]
  /** Connections that the HTTP server does not know, and the feed neither. */
  const silent = new Set<Socket>()
  server.removeAllListeners('connection')

  function onFirst(this: Socket, bytes: Buffer): void {
    const asked = readRequest(bytes)
    if (asked === undefined) decide(this, { open: undefined, bytes })
    else if (access.mode === 'open') decide(this, { open: opening(deps, this, asked), bytes })
    else void identify(this, asked, bytes)
  }

  /** Reads nothing else of the connection until it is known who asks. */
  async function identify(socket: Socket, asked: Asked, bytes: Buffer): Promise<void> {
    socket.pause()
    // Its request is whole: it does not count among those that wait for one.
    waiting.requested(socket)
    const identity = await identityOf(asked)
    const open = identity && opening(deps, socket, { ...asked, identity })
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
    socket
      .off('close', onClose)
      .off('end', hangUp)
      .off('error', hangUp)
      .off('timeout', hangUp)
      .setTimeout(0)
    if (open !== undefined) {
      open()
      waiting.requested(socket)
      return
    }
    for (const listener of serveHttp) listener.call(server, socket)
    socket.unshift(bytes)
  }

  /** Undefined if the HTTP server has to say why there is none. */
  async function identityOf({ request }: Asked): Promise<Identity | undefined> {
    try {
      const sender = await access.senderOf(request.carriers)
      return typeof sender === 'string' ? undefined : sender
    } catch {
      return undefined
    }
  }

  function onClose(this: Socket): void {
    silent.delete(this)
  }

  server.on('connection', (socket) => {
    silent.add(socket)
    socket.once('data', onFirst).on('close', onClose).on('end', hangUp).on('error', hangUp)
    socket.setTimeout(silenceMs).on('timeout', hangUp)
  })
  return {
    closeSilent() {
      for (const socket of silent) socket.destroy()
    },
  }
}

interface Asked {
  request: LaneRequest
  wanted: Subscribe
  identity: Identity
}

/** The request of someone who is not identified yet, if the lane takes it. */
function readRequest(bytes: Buffer): Asked | undefined {
  const request = parseLaneRequest(bytes)
  if (request === undefined) return undefined
  const wanted = parseSubscribe(request)
  if (isRefused(wanted)) return undefined
  return { request, wanted, identity: PUBLIC }
}

type Open = () => void

/** Opens the subscription; undefined if the lane cannot grant it. It is to be called at once. */
function opening(
  { feed, access, holderOf, cors, requestIdOf, logger }: Omit<LaneDeps, 'waiting' | 'silenceMs'>,
  socket: Socket,
  { request, wanted, identity }: Asked,
): Open | undefined {
  const corsHeaders = cors.headersFor({ ...request, path: SUBSCRIBE_PATH })
  if (corsHeaders === undefined) return undefined
  const from = { remoteAddress: socket.remoteAddress, ...request }
  const holder = holderOf(from)
  const granted = grant(wanted, { identity, holder }, access.mode)
  if (feed.refusal(granted.holder, granted.cursor) !== undefined) return undefined
  return () => {
    // As in the HTTP server, a client that has closed its end is gone.
    socket.on('end', hangUp).on('error', hangUp).resume()
    const about = { requestId: requestIdOf(from), corsHeaders }
    openStream({ feed, logger }, granted, { socket, chunked: true, about })
  }
}

export interface LaneRequest {
  carriers: Carriers
  parameters: Record<string, string | string[]>
  lastEventId: string | undefined
  forwardedFor: string | undefined
  forwardedUser: string | undefined
  requestId: string | undefined
  origin: string | undefined
  host: string | undefined
}

const MOST_BYTES = 8_192
const MOST_HEADERS = 64
const REQUEST_LINE = /^GET \/events\/subscribe(?:\?([\w\-.~!$&'()*+,;=:@%/?]*))? HTTP\/1\.1$/
const HEADER =
  /^([!#$%&'*+\-.^_`|~\dA-Za-z]+):[ \t]*((?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?)[ \t]*$/
/** Headers that announce a body or ask for more than a plain answer. */
const UNUSUAL = new Set([
  'content-length',
  'transfer-encoding',
  'upgrade',
  'expect',
  'trailer',
  'te',
  'proxy-connection',
  'http2-settings',
])

/** The request, if these bytes are one that the lane takes. */
export function parseLaneRequest(bytes: Buffer): LaneRequest | undefined {
  if (bytes.length > MOST_BYTES) return undefined
  const lines = bytes.toString('latin1').split('\r\n')
  // A head ends with an empty line, and nothing may follow it yet.
  if (lines.length < 3 || lines.pop() !== '' || lines.pop() !== '') return undefined
  const asked = REQUEST_LINE.exec(lines.shift() ?? '')
  if (asked === null || lines.length > MOST_HEADERS) return undefined
  const headers = new Map<string, string>()
  for (const line of lines) {
    const [, name = '', value = ''] = HEADER.exec(line) ?? []
    const key = name.toLowerCase()
    if (key === '' || headers.has(key) || UNUSUAL.has(key)) return undefined
    headers.set(key, value)
  }
  if (!isPlainHost(headers.get('host'))) return undefined
  const connection = headers.get('connection')?.toLowerCase() ?? 'keep-alive'
  if (connection !== 'keep-alive' && connection !== 'close') return undefined
  const [, query = ''] = asked
  const search = new URLSearchParams(query)
  return {
    carriers: carriersOf({
      method: 'GET',
      path: SUBSCRIBE_PATH,
      query: () => search,
      header: (name) => headers.get(name),
    }),
    parameters: queryRecord(search),
    lastEventId: headers.get('last-event-id'),
    forwardedFor: headers.get('x-forwarded-for'),
    forwardedUser: headers.get('x-forwarded-user'),
    requestId: headers.get('x-request-id'),
    origin: headers.get('origin'),
    host: headers.get('host'),
  }
}

/** Whether the HTTP server would accept this host as it is written. */
function isPlainHost(host: string | undefined): boolean {
  if (host === undefined || host === '') return host === ''
  return URL.parse(`http://${host}`)?.hostname === host.replace(/:\d+$/, '')
}
