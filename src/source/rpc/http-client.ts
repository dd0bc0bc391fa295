import { once } from 'node:events'
import http from 'node:http'
import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** A whole HTTP answer, whatever its status. */
export interface HttpAnswer {
  status: number
  retryAfter: string | undefined
  body: string
}

/** Posts JSON to one URL. */
export interface HttpClient {
  /**
   * Throws `BrokenAnswer` when an answer began and cannot be used, and what Node throws when there
   * was none. A request may be sent twice: it must do no harm the second time.
   */
  post(body: string, signal: AbortSignal): Promise<HttpAnswer>
  /** The next request uses a new connection. Those under way go on. */
  reconnect(): void
  /** How many connections were opened, but those that the server had made necessary by its answer. */
  connections(): number
}

export interface HttpClientOptions {
  maxAnswerBytes?: number
  /** Milliseconds of a clock that never goes back. */
  now?: () => number
}

/** An answer that broke off, or that is larger than any answer may be. */
export class BrokenAnswer extends Error {
  override readonly name = 'BrokenAnswer'
}

/** Ten thousand events are some ten megabytes; what is larger is no answer. */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024
/**
 * How long an idle connection is kept: many ledgers, and less than the time after which routers
 * forget it. A server that closes earlier says so in `Keep-Alive`, which Node obeys, or just closes.
 */
const IDLE_MS = 60_000
/**
 * No server closes a connection that has been idle for less. One that breaks after a longer rest
 * was most likely closed before the request arrived.
 */
const REST_MS = 1_000

/**
 * Node's own HTTP rather than fetch: it has a pool whose idle time can be set without another
 * copy of undici in memory, and it tells a new connection from one that was used before.
 */
export function createHttpClient(url: string, options: HttpClientOptions = {}): HttpClient {
  const { maxAnswerBytes = MAX_ANSWER_BYTES, now = () => performance.now() } = options
  const { address, authorization } = addressed(url)
  const send = address.protocol === 'https:' ? https.request : http.request
  const headers = {
    'content-type': 'application/json',
    'accept-encoding': 'gzip',
    'user-agent': 'flowfi-indexer',
    ...authorization,
  }
  let pool = createPool(address)
  const usedAt = new WeakMap<Socket, number>()
  let opened = 0
  /** A server that keeps no connection says nothing by closing one. */
  let keepsConnections = true

  function reconnect(): void {
    const { freeSockets } = pool
    // A connection in use is closed as soon as its answer has come.
    pool.maxFreeSockets = 0
    for (const socket of Object.values(freeSockets).flat()) socket?.destroy()
    pool = createPool(address)
  }

  async function attempt(body: string, signal: AbortSignal): Promise<HttpAnswer> {
    const length = Buffer.byteLength(body)
    const request = send(address, {
      method: 'POST',
      agent: pool,
      signal,
      headers: { ...headers, 'content-length': length },
    })
    let mayBeStale = false
    request.once('socket', (socket) => {
      if (!request.reusedSocket && keepsConnections) opened += 1
      mayBeStale = now() - (usedAt.get(socket) ?? now()) >= REST_MS
      request.once('close', () => usedAt.set(socket, now()))
    })
    // What happens after the answer has begun is the answer's error as well.
    request.on('error', () => {})
    request.end(body)
    let response: IncomingMessage
    try {
      ;[response] = (await once(request, 'response')) as [IncomingMessage]
    } catch (cause) {
      if (mayBeStale && isLost(cause)) throw new StaleConnection({ cause })
      throw cause
    }
    keepsConnections = response.headers.connection !== 'close'
    return {
      status: response.statusCode ?? 0,
      retryAfter: response.headers['retry-after'],
      body: await read(response, maxAnswerBytes),
    }
  }

  return {
    async post(body, signal) {
      try {
        return await attempt(body, signal)
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw error
        reconnect()
        return attempt(body, signal)
      }
    },
    reconnect,
    connections: () => opened,
  }
}

class StaleConnection extends Error {
  constructor(options: ErrorOptions) {
    super('an idle connection had been closed', options)
  }
}

function isLost(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return code === 'ECONNRESET' || code === 'EPIPE'
}

function createPool({ protocol }: URL): http.Agent {
  const options = { keepAlive: true, timeout: IDLE_MS }
  return protocol === 'https:' ? new https.Agent(options) : new http.Agent(options)
}

/** Throws BrokenAnswer. */
async function read(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of unzipped(response)) {
      bytes += (chunk as Buffer).length
      // Leaving the loop closes the connection.
      if (bytes > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`)
      chunks.push(chunk as Buffer)
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new BrokenAnswer(`the answer broke off: ${reason}`, { cause })
  }
  return Buffer.concat(chunks).toString('utf8')
}

function unzipped(response: IncomingMessage): AsyncIterable<unknown> {
  if (response.headers['content-encoding'] !== 'gzip') return response
  // The reader of the last stream gets the errors of both.
  return pipeline(response, createGunzip(), () => {})
}

/** Credentials go into a header: an address that holds them would show them in errors. */
function addressed(url: string): { address: URL; authorization: Record<string, string> } {
  const address = new URL(url)
  const { username, password } = address
  if (username === '' && password === '') return { address, authorization: {} }
  address.username = ''
  address.password = ''
  const credentials = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')
  return { address, authorization: { authorization: `Basic ${credentials}` } }
}

/** A stray percent sign is taken as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
