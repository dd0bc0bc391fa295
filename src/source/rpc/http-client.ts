import { once } from 'node:events'
import http from 'node:http'
import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { createConnections } from './connections.ts'

/** A whole HTTP answer, whatever its status. */
export interface HttpAnswer {
  status: number
  retryAfter: string | undefined
  body: string
}

/** Posts JSON to one URL. */
export interface HttpClient {
  /**
   * Throws `BrokenAnswer` if an answer began and cannot be used, and Node's error if there was
   * none. A request may be sent twice, so it must be one that does no harm the second time.
   */
  post(body: string, signal: AbortSignal): Promise<HttpAnswer>
  /** See Connections. */
  reconnect(): void
  /** How many connections were opened; see Connections. */
  connections(): number
}

export interface HttpClientOptions {
  maxAnswerBytes?: number
  /** Milliseconds of a clock that never goes back. */
  now?: () => number
}

/** An answer that broke off, or that is too large. */
export class BrokenAnswer extends Error {
  override readonly name = 'BrokenAnswer'
}

/** Ten thousand events are about ten megabytes. */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024

/**
 * Uses Node's own HTTP instead of fetch: the idle time of its pool can be set without a second copy
 * of undici in memory, and it says whether a connection is new.
 */
export function createHttpClient(url: string, options: HttpClientOptions = {}): HttpClient {
  const { maxAnswerBytes = MAX_ANSWER_BYTES, now = () => performance.now() } = options
  const { address, authorization } = splitCredentials(url)
  const send = address.protocol === 'https:' ? https.request : http.request
  const headers = {
    'content-type': 'application/json',
    'accept-encoding': 'gzip',
    'user-agent': 'flowfi-indexer',
    ...authorization,
  }
  const connections = createConnections(address, now)

  async function attempt(body: string, signal: AbortSignal): Promise<HttpAnswer> {
    const length = Buffer.byteLength(body)
    const request = send(address, {
      method: 'POST',
      agent: connections.pool(),
      signal,
      headers: { ...headers, 'content-length': length },
    })
    const mayBeStale = connections.follow(request)
    // After the answer has begun, the answer has the same error.
    request.on('error', () => {})
    request.end(body)
    let response: IncomingMessage
    try {
      ;[response] = (await once(request, 'response')) as [IncomingMessage]
    } catch (cause) {
      if (mayBeStale() && isConnectionLost(cause)) throw new StaleConnection({ cause })
      throw cause
    }
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
        connections.reconnect()
        return attempt(body, signal)
      }
    },
    reconnect: connections.reconnect,
    connections: connections.opened,
  }
}

class StaleConnection extends Error {
  constructor(options: ErrorOptions) {
    super('an idle connection had been closed', options)
  }
}

function isConnectionLost(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return code === 'ECONNRESET' || code === 'EPIPE'
}

/** Throws BrokenAnswer. */
async function read(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of unzipped(response)) {
      bytes += (chunk as Buffer).length
      // The throw leaves the loop, which closes the connection.
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
  // The reader of the last stream gets the errors of both streams.
  return pipeline(response, createGunzip(), () => {})
}

/** Credentials go into a header: in the address, they would appear in errors. */
function splitCredentials(url: string): { address: URL; authorization: Record<string, string> } {
  const address = new URL(url)
  const { username, password } = address
  if (username === '' && password === '') return { address, authorization: {} }
  address.username = ''
  address.password = ''
  const credentials = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')
  return { address, authorization: { authorization: `Basic ${credentials}` } }
}

/** If the percent signs are not a valid encoding, they stay as they are. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
