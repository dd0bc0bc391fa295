import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Wire } from '../client.ts'
import type { Cors } from '../cors.ts'
import { PROBLEM_TYPE } from '../problem.ts'
import type { Refused } from '../problem.ts'
import { commonHeaders } from '../request-id.ts'

/** Answers that go out before the request is whole: to a half-read body, or to no request at all. */

/** How much of an unwanted body is read, and for how long, so that the answer arrives. */
const MOST_UNWANTED_BYTES = 256 * 1024
const LINGER_MS = 1_000

/**
 * Sends a response while the body of its request is still arriving, and closes the connection once
 * the client has taken the response. Closing it at once would reset it, and the client might never
 * see the response.
 */
export async function sendBeforeBody(
  { incoming, outgoing }: Wire,
  response: Response,
): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer())
  outgoing.writeHead(response.status, {
    ...Object.fromEntries(response.headers),
    'content-length': body.length,
    connection: 'close',
  })
  outgoing.write(body)
  let read = 0
  const finish = () => outgoing.end()
  const late = setTimeout(finish, LINGER_MS)
  outgoing.once('close', () => clearTimeout(late))
  incoming.once('end', finish).on('data', (part: Buffer) => {
    read += part.length
    if (read > MOST_UNWANTED_BYTES) finish()
  })
}

/** Writes a problem to a bare connection, and closes it when the client has had time to read. */
export type SendProblem = (socket: Socket, refused: Refused) => void

export function createSendProblem(cors: Cors): SendProblem {
  return (socket, { problem, headers }) => {
    const body = JSON.stringify(problem)
    const lines = Object.entries({
      'content-type': PROBLEM_TYPE,
      'content-length': String(Buffer.byteLength(body)),
      ...Object.fromEntries([...cors.unread, ...commonHeaders(randomUUID())]),
      ...headers,
      connection: 'close',
    })
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    socket.end(`HTTP/1.1 ${problem.status} ${problem.title}\r\n${head}\r\n${body}`)
    const late = setTimeout(() => socket.destroy(), LINGER_MS)
    socket.once('close', () => clearTimeout(late))
  }
}
