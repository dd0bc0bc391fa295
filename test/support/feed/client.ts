import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { createParser } from 'eventsource-parser'
import { createDechunker, takeHead } from './wire.ts'
import type { ResponseHead } from './wire.ts'
import { PATIENCE_MS } from '../patience.ts'

export interface Message {
  /** `message` if the frame has no event name. */
  event: string
  data: Record<string, unknown>
  /** As it was sent. */
  text: string
  id: string | undefined
  /** Milliseconds of the process's clock. */
  at: number
}

/** The client's end of a subscription: everything that came over the socket. */
export interface FeedClient {
  readonly socket: Socket
  readonly messages: Message[]
  readonly retries: number[]
  readonly head: ResponseHead | undefined
  /** The body, transfer coding removed. */
  readonly body: string
  /** The last id of any frame. */
  readonly lastId: string | undefined
  /** The body has ended as its framing says; it was not cut. */
  readonly complete: boolean
  /** The connection is over. */
  readonly ended: boolean
  /** The event names of the messages. */
  names(): string[]
  named(event: string): Message[]
  /** The messages that are events of the log. */
  events(): Message[]
  /** Settles when the condition holds; it is checked whenever something has come. */
  until(condition: (client: FeedClient) => boolean): Promise<FeedClient>
}

export function createFeedClient(
  socket: Socket,
  { head: withHead, chunked: alwaysChunked }: { head: boolean; chunked: boolean },
): FeedClient {
  const messages: Message[] = []
  const retries: number[] = []
  const dechunker = createDechunker()
  const waiting = new Set<() => void>()
  let pending = ''
  let head: ResponseHead | undefined
  let chunked = alwaysChunked
  let body = ''
  let lastId: string | undefined
  let ended = false
  let broken: Error | undefined

  const parser = createParser({
    onEvent({ event = 'message', data, id }) {
      if (id !== undefined) lastId = id
      const parsed = (isJson(data) ? JSON.parse(data) : {}) as Message['data']
      messages.push({ event, data: parsed, text: data, id, at: performance.now() })
    },
    onRetry: (retry) => retries.push(retry),
    onError(error) {
      throw error
    },
  })

  function take(text: string): void {
    if (withHead && head === undefined) {
      pending += text
      const taken = takeHead(pending)
      if (taken === undefined) return
      head = taken.head
      chunked = head.headers['transfer-encoding'] === 'chunked'
      take(taken.rest)
      return
    }
    const part = chunked ? dechunker.push(text) : text
    body += part
    if (head === undefined || head.headers['content-type'] === 'text/event-stream') {
      parser.feed(part)
    }
  }

  function look(): void {
    for (const each of waiting) each()
  }

  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    try {
      take(text)
    } catch (error) {
      broken = error as Error
    }
    look()
  })
  // A reset of the connection ends it too; `complete` is then false.
  socket.on('error', () => {})
  socket.once('close', () => {
    ended = true
    look()
  })

  const client: FeedClient = {
    socket,
    messages,
    retries,
    get head() {
      return head
    },
    get body() {
      return body
    },
    get lastId() {
      return lastId
    },
    get complete() {
      return dechunker.complete()
    },
    get ended() {
      return ended
    },
    names: () => messages.map(({ event }) => event),
    named: (event) => messages.filter((message) => message.event === event),
    events: () => messages.filter(isEvent),
    until(condition) {
      const { promise, resolve, reject } = Promise.withResolvers<FeedClient>()
      const deadline = setTimeout(() => {
        const last = messages.slice(-3).map(({ event, id }) => `${event} ${id}`)
        reject(
          new Error(
            `the condition never held; ${messages.length} messages, ended ${ended}: ${last.join()}`,
          ),
        )
      }, PATIENCE_MS)
      const check = () => {
        if (broken === undefined && !condition(client)) return
        clearTimeout(deadline)
        waiting.delete(check)
        if (broken === undefined) resolve(client)
        else reject(broken)
      }
      waiting.add(check)
      check()
      return promise
    },
  }
  return client
}

/** Sends `request` on a new connection to `url`, and reads what comes back as one response. */
export async function openClient(url: string, request: string): Promise<FeedClient> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname.replaceAll(/[[\]]/g, ''), port: Number(port) })
  await once(socket, 'connect')
  const client = createFeedClient(socket, { head: true, chunked: false })
  socket.write(request)
  return client
}

/** The text of a plain request for the feed at `url`. */
export function subscribeRequest(url: string, headers: Record<string, string> = {}): string {
  const { host, pathname, search } = new URL(url)
  const lines = Object.entries({ Host: host, ...headers }).map(([key, value]) => `${key}: ${value}`)
  return `GET ${pathname}${search} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}

/**
 * Reads a subscription message by message until it ends. Leaving the loop closes the connection.
 * Throws if the subscription is refused, is cut instead of ended, or if `signal` aborts.
 */
export async function* subscribe(
  url: string,
  signal?: AbortSignal,
  headers: Record<string, string> = {},
): AsyncGenerator<Message> {
  signal?.throwIfAborted()
  const client = await openClient(url, subscribeRequest(url, headers))
  const leave = () => client.socket.destroy()
  signal?.addEventListener('abort', leave)
  try {
    await client.until(({ head, ended }) => head !== undefined || ended)
    const { head, messages } = client
    if (head?.status !== 200) throw new Error(`${url} answered ${head?.status}: ${client.body}`)
    for (let read = 0; ; read += 1) {
      await client.until(({ ended }) => messages.length > read || ended)
      const message = messages[read]
      if (message === undefined) break
      yield message
    }
    signal?.throwIfAborted()
    if (!client.complete) throw new Error(`${url}: the connection was cut`)
  } finally {
    signal?.removeEventListener('abort', leave)
    leave()
  }
}

/** An event of the log, as opposed to a control frame. */
export function isEvent({ event }: Message): boolean {
  return /^(stream|protocol)\.|^unrecognised$/.test(event)
}

export function isCaughtUp(client: FeedClient): boolean {
  return client.named('caught_up').length > 0
}

export function hasEvents(count: number): (client: FeedClient) => boolean {
  return (client) => client.events().length >= count
}

/** The ids of the events that have come. */
export function idsOf(client: FeedClient): (string | undefined)[] {
  return client.events().map(({ id }) => id)
}

function isJson(text: string): boolean {
  return text.startsWith('{')
}
