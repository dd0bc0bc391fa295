import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { EXPOSED_HEADERS } from '../middleware/cors.ts'
import { PROBLEM_TYPE } from '../problem.ts'
import type { Refused } from '../problem.ts'

/** Problems that are answered beside the routes: before there is a request, or before its body is. */

/** How much of a body that nobody wants is read, and for how long, so that the answer arrives. */
const MOST_UNWANTED_BYTES = 256 * 1024
const LINGER_MS = 1_000

/** Whether a request comes with a body, which may not be here yet. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/**
 * Answers with a problem. What is still to come of the request's body is not waited for: the answer
 * goes out whole, and the connection is closed when the client has taken it. Closing it at once
 * would reset it, and the client might never see the answer.
 */
export function answerProblem(
  request: IncomingMessage,
  response: ServerResponse,
  { problem, headers }: Refused,
): void {
  const body = JSON.stringify(problem)
  const unread = hasBody(request) && !request.complete
  response.writeHead(problem.status, {
    ...headersOf(body),
    ...headers,
    ...(unread && { connection: 'close' }),
  })
  if (!unread) {
    response.end(body)
    return
  }
  response.write(body)
  let read = 0
  const finish = () => response.end()
  const late = setTimeout(finish, LINGER_MS)
  response.once('close', () => clearTimeout(late))
  request.once('end', finish).on('data', (part: Buffer) => {
    read += part.length
    if (read > MOST_UNWANTED_BYTES) finish()
  })
}

/** Writes a problem to a bare connection, and closes it when the client has had time to read. */
export function sendProblem(socket: Socket, { problem, headers }: Refused): void {
  const body = JSON.stringify(problem)
  const lines = Object.entries({ ...headersOf(body), ...headers, connection: 'close' })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.end(`HTTP/1.1 ${problem.status} ${problem.title}\r\n${head}\r\n${body}`)
  const late = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(late))
}

function headersOf(body: string): Record<string, string> {
  return {
    'content-type': PROBLEM_TYPE,
    'content-length': String(Buffer.byteLength(body)),
    'access-control-allow-origin': '*',
    'access-control-expose-headers': EXPOSED_HEADERS.join(','),
  }
}
