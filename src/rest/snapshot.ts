import type { FileHandle } from 'node:fs/promises'
import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Logger } from 'pino'
import type { Client, ClientEnv } from '../http/client.ts'
import { STREAMED } from '../http/formats/export.ts'
import { CursorText } from '../http/json.ts'
import { refusedFor, respond } from '../http/problem.ts'
import type { Refused } from '../http/problem.ts'
import { createRouter, get } from '../http/router.ts'
import type { Snapshot, Snapshots } from '../snapshot/snapshots.ts'

/** The database at one position, for a node that begins with it. */

const TYPE = 'application/vnd.sqlite3'

const snapshotRoute = get({
  path: '/admin/snapshot',
  summary: 'The database at one position, as an SQLite file, without consumers and secrets',
  request: { query: z.strictObject({}) },
  type: TYPE,
  answer: z.string().openapi({ format: 'binary' }),
  exports: {
    content: {},
    headers: z.object({
      'X-Flowfi-Cursor': CursorText.openapi({ description: 'its checkpoint' }),
      'Repr-Digest': z.string().openapi({ example: 'sha-256=:…:' }),
    }),
  },
  problems: { 503: 'there is nothing to copy yet, or no place for a copy now' },
})

export interface SnapshotDeps {
  snapshots: Snapshots
  logger: Logger
  /** How long a client may read nothing. */
  stallTimeoutMs: number
}

export function snapshotRoutes(deps: SnapshotDeps) {
  const router = createRouter()
  router.openapi(snapshotRoute, async (c) => {
    const { exchange } = c.env
    const leaving = new AbortController()
    const leave = () => leaving.abort(GONE)
    exchange.once('close', leave)
    if (exchange.closed) leave()
    try {
      const taken = await deps.snapshots.take(leaving.signal)
      if (typeof taken === 'string') return respond(refusal(taken))
      c.set('done', { cursor: taken.cursor, bytes: taken.bytes })
      return await answer(c, taken, deps)
    } catch (error) {
      if (error !== GONE) deps.logger.warn({ err: error }, 'the database could not be copied')
      return respond(refusedFor(RETRY_SECONDS.failed, 503, FAILED))
    } finally {
      exchange.off('close', leave)
    }
  })
  return router
}

const GONE = new Error('the client has left')
const RETRY_SECONDS = { busy: 10, empty: 5, 'no space': 60, failed: 10 }
const FAILED = 'the database could not be copied; the log says why, try again in 10 s'

function refusal(reason: 'busy' | 'empty' | 'no space'): Refused {
  const seconds = RETRY_SECONDS[reason]
  const details = {
    busy: `other snapshots are being made or sent; try again in ${seconds} s`,
    empty: `no ledger has been indexed yet; try again in ${seconds} s, or ask another node`,
    'no space': `the disk has no room for a copy of the database; free some space, and try again in ${seconds} s`,
  }
  return refusedFor(seconds, 503, details[reason])
}

async function answer(
  c: Context<ClientEnv>,
  snapshot: Snapshot,
  { stallTimeoutMs, logger }: SnapshotDeps,
): Promise<Response> {
  const { cursor, bytes, sha256, file, release } = snapshot
  const headers = {
    'content-type': TYPE,
    'content-length': String(bytes),
    'x-flowfi-cursor': cursor,
    'repr-digest': `sha-256=:${sha256}:`,
    'cache-control': 'no-store',
  }
  if (c.req.method === 'HEAD' || c.env.exchange.closed) {
    await release()
    return new Response(null, { headers })
  }
  const body = bodyOf(c.env, file, stallTimeoutMs)
  c.env.exchange.once('close', () => {
    release().catch((error) => logger.warn({ err: error }, 'a snapshot could not be deleted'))
  })
  return new Response(body, { headers: { ...headers, [STREAMED]: 'chunked' } })
}

/** Large enough to be quick, small enough that a slow client costs little memory. */
const CHUNK_BYTES = 256 * 1024

/** Reads a piece when the client has taken the one before it. */
function bodyOf(
  { wire }: Client,
  file: FileHandle,
  stallTimeoutMs: number,
): ReadableStream<Uint8Array> {
  const socket = wire?.outgoing.socket
  return new ReadableStream(
    {
      async pull(controller) {
        // As for exports: a client that takes nothing for this long is disconnected.
        socket?.setTimeout(0)
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES))
        socket?.setTimeout(stallTimeoutMs)
        if (bytesRead > 0) controller.enqueue(buffer.subarray(0, bytesRead))
        else controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}
