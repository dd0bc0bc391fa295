import { randomUUID } from 'node:crypto'
import type { BlockList } from 'node:net'
import { isTrusted } from './holder.ts'
import type { Origin } from './holder.ts'

/** Names a request in its answer and in the log. */
export type RequestIdOf = (origin: Pick<Origin, 'remoteAddress' | 'requestId'>) => string

/** What may stand in a header and in a line of the log. */
const LEGAL = /^[\w.:,;=+/@-]{1,128}$/

/** A trusted proxy may name a request; any other request gets a new id. */
export function createRequestIdOf(trusted: BlockList): RequestIdOf {
  return ({ remoteAddress = '', requestId = '' }) =>
    LEGAL.test(requestId) && isTrusted(trusted, remoteAddress) ? requestId : randomUUID()
}

/** What every answer carries, whatever it says. */
export function commonHeaders(requestId: string): [name: string, value: string][] {
  return [
    ['X-Content-Type-Options', 'nosniff'],
    ['Referrer-Policy', 'no-referrer'],
    ['X-Request-Id', requestId],
  ]
}
