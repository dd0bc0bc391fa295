/** Other ways to serve the same feed. Each sends one event to all clients when it is called. */
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { createChannel, createSession } from 'better-sse'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { SSEStreamingApi } from 'hono/streaming'
import { ACCOUNTS, answerCalls, monotonic } from './calls.ts'
import { EVENT_TYPE, TEXT } from './rival-event.ts'

interface Rival {
  server: ReturnType<typeof createAdaptorServer> | ReturnType<typeof createServer>
  send(): void
}

const ID = '0006442459533967360-0000000003'
const HEAD =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'

/**
 * The floor: no implementation can do less than one write of shared bytes to each socket. A client
 * that says how much it missed gets so much, in pages, as its socket accepts them.
 */
function bareSocket(): Rival {
  const sockets = new Set<Socket>()
  const event = chunked(`event: ${EVENT_TYPE}\ndata: ${TEXT}\nid: ${ID}\n\n`)
  const hello = Buffer.concat([Buffer.from(HEAD), chunked('data: hello\n\n')])
  const page = Buffer.concat(Array.from({ length: 100 }, () => event))
  const server = createServer({ noDelay: true }, (socket) => {
    socket.once('data', (request) => {
      socket.write(hello)
      socket.resume()
      sockets.add(socket)
      replay(socket, Number(/missing=(\d+)/.exec(request.toString('latin1'))?.[1] ?? 0))
    })
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  })

  function replay(socket: Socket, events: number): void {
    let left = events
    while (left > 0) {
      const length = Math.min(left, 100)
      left -= length
      if (!socket.write(page.subarray(0, length * event.length))) break
    }
    if (left > 0) socket.once('drain', () => replay(socket, left))
  }

  return {
    server,
    send() {
      for (const socket of sockets) socket.write(event)
    },
  }
}

function chunked(text: string): Buffer {
  return Buffer.from(`${text.length.toString(16)}\r\n${text}\r\n`)
}

function honoStreamSse(): Rival {
  const streams = new Set<SSEStreamingApi>()
  const app = new Hono()
  app.get('*', (c) =>
    streamSSE(c, async (stream) => {
      streams.add(stream)
      await stream.writeSSE({ data: 'hello' })
      await new Promise<void>((resolve) => {
        stream.onAbort(resolve)
      })
      streams.delete(stream)
    }),
  )
  return {
    server: createAdaptorServer({ fetch: app.fetch }),
    send() {
      for (const stream of streams) {
        void stream.writeSSE({ event: EVENT_TYPE, data: TEXT, id: ID })
      }
    },
  }
}

function betterSse(): Rival {
  const channel = createChannel()
  const server = createHttpServer((request, response) => {
    void createSession(request, response, { keepAlive: null }).then((session) => {
      session.push('hello')
      return channel.register(session)
    })
  })
  // better-sse encodes the value as JSON itself.
  const inner: unknown = JSON.parse(TEXT)
  return { server, send: () => void channel.broadcast(inner, EVENT_TYPE, { eventId: ID }) }
}

const RIVALS: Record<string, () => Rival> = { bareSocket, honoStreamSse, betterSse }
const { server, send } = RIVALS[process.argv[2] ?? '']?.() ?? bareSocket()
server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 })

answerCalls({
  ...ACCOUNTS,
  async port() {
    if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
    return (server.address() as AddressInfo).port
  },
  commit({ count }: { count: number }) {
    const at = monotonic()
    for (let index = 0; index < count; index += 1) send()
    return { at, ids: [] }
  },
})
