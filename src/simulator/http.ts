/** HTTP as the real server speaks it: what it refuses before JSON-RPC begins, in the same words. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ScriptedFault } from './faults.ts'
import { type Message, parseMessage } from './json-rpc.ts'

const MAX_BODY_BYTES = 512 * 1024
const HTML_PAGE = '<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>\n'

/** A fault of the whole HTTP answer, not of one call in it. */
export type TransportFault = Exclude<
  ScriptedFault,
  { kind: 'error' | 'latest_backwards' | 'retention' | 'slow' | 'unhealthy' }
>

export function isTransportFault(fault: ScriptedFault): fault is TransportFault {
  return !['error', 'latest_backwards', 'retention', 'slow', 'unhealthy'].includes(fault.kind)
}

/** The message of a request. Undefined if it is none; then the refusal has been sent. */
export async function receive(
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Message | undefined> {
  response.setHeader('Access-Control-Allow-Origin', '*')
  const { method, headers } = request
  if (method === 'OPTIONS' && headers['access-control-request-method'] !== undefined) {
    response.setHeader('Access-Control-Allow-Methods', 'POST')
    response.setHeader('Access-Control-Allow-Headers', '*')
    return refuse(response, { status: 204 })
  }
  if (request.url?.split('?', 1)[0] !== '/') {
    return refuse(response, { status: 404, text: '404 page not found' })
  }
  if (method !== 'POST') return refuse(response, { status: 405 })
  const [type = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';')
  if (type.trim() !== 'application/json') {
    return refuse(response, { status: 415, text: 'content-type must be application/json' })
  }
  const charset = parameters.find((parameter) => parameter.trim().startsWith('charset='))
  if (charset !== undefined && charset.trim() !== 'charset=utf-8') {
    return refuse(response, { status: 415, text: 'invalid content-type charset' })
  }
  const body = await read(request)
  if (body === undefined) {
    return refuse(response, { status: 500, text: 'http: request body too large' })
  }
  const message = parseMessage(body)
  return message ?? refuse(response, { status: 500, text: '[-32700] invalid request value' })
}

export function send(response: ServerResponse, text: string | undefined): void {
  if (text === undefined) return void response.writeHead(204).end()
  response
    .writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(text),
    })
    .end(text)
}

/** Plays `fault`. `answerLater` sends the real answer after a delay. */
export function fail(
  response: ServerResponse,
  fault: TransportFault,
  { text, answerLater }: { text: () => string; answerLater: (delayMs: number) => void },
): void {
  switch (fault.kind) {
    case 'timeout':
      if (fault.afterMs !== undefined) answerLater(fault.afterMs)
      return
    case 'reset':
      // RST instead of FIN.
      response.socket?.resetAndDestroy()
      return
    case '429':
      if (fault.retryAfterSeconds !== undefined) {
        response.setHeader('Retry-After', fault.retryAfterSeconds)
      }
      return refuse(response, { status: 429, text: 'Too Many Requests' })
    case '503':
    case '504':
      return refuse(response, { status: Number(fault.kind) })
    case 'html':
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(HTML_PAGE)
      return
    case 'truncated': {
      const body = Buffer.from(text())
      response.writeHead(200, {
        'Content-Type': 'application/json',
        'Content-Length': body.length,
      })
      // Close after the first half was sent; else the client would see a reset without an answer.
      response.write(body.subarray(0, body.length >> 1), () => response.socket?.end())
    }
  }
}

function refuse(
  response: ServerResponse,
  { status, text }: { status: number; text?: string },
): undefined {
  if (text === undefined) return void response.writeHead(status).end()
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`)
}

/**
 * Undefined if the body is too large. It is read to its end, or the client would miss the answer.
 */
async function read(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  return size > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks).toString('utf8')
}
