import type { Context } from 'hono'
import type { Slices } from '../../domain/slices.ts'
import type { Client, ClientEnv } from '../client.ts'
import { respond, tookTooLong, tooMuchAtOnce } from '../problem.ts'

/**
 * Answers of any size. A page is read when the client has taken the one before it, so a client that
 * reads slowly costs one page of memory and no reads. One that stops reading is disconnected after
 * the time after which a subscription would be, too.
 */
export interface Exports {
  /** The answer with all pages, or a refusal if the address has too many of them under way. */
  open(c: Context<ClientEnv>, source: Source): Response
  /** How many are under way. */
  count(): number
}

export interface Source {
  headers: Record<string, string>
  /** Comes before the pages. */
  head: string
  /** Reads the page after a position, or the first one. */
  page(after: string | undefined): Generator<unknown, Page>
}

export interface Page {
  text: string
  /** Where the next page starts; undefined after the last one. */
  next: string | undefined
}

export interface ExportDeps {
  slices: Slices
  /** How long a client may read nothing. */
  stallTimeoutMs: number
}

/** Like other long reads; and few enough that their pages need little memory. */
const MOST_AT_ONCE = 16
const MOST_IN_ALL = 256
const RETRY_AFTER_SECONDS = 5

export function createExports(deps: ExportDeps): Exports {
  const byAddress = new Map<string, number>()
  let total = 0

  function add(address: string, change: 1 | -1): void {
    const count = (byAddress.get(address) ?? 0) + change
    if (count === 0) byAddress.delete(address)
    else byAddress.set(address, count)
    total += change
  }

  return {
    open({ env, req }, { headers, ...source }) {
      const { address } = env.holder
      if (total >= MOST_IN_ALL) return respond(tookTooLong(RETRY_AFTER_SECONDS))
      if ((byAddress.get(address) ?? 0) >= MOST_AT_ONCE) {
        return respond(tooMuchAtOnce(MOST_AT_ONCE, RETRY_AFTER_SECONDS))
      }
      // A client that has left would never give its place back.
      if (req.method === 'HEAD' || env.exchange.closed) return new Response(null, { headers })
      add(address, 1)
      env.exchange.once('close', () => add(address, -1))
      const body = bodyOf(env, { ...source, ...deps })
      return new Response(body, { headers: { ...headers, [STREAMED]: 'chunked' } })
    },
    count: () => total,
  }
}

/** Marks an answer whose body is sent while it is read. */
export const STREAMED = 'transfer-encoding'

function bodyOf(
  client: Client,
  source: Omit<Source, 'headers'> & ExportDeps,
): ReadableStream<Uint8Array> {
  const { holder, exchange, wire } = client
  const { head, page, slices, stallTimeoutMs } = source
  const encoder = new TextEncoder()
  const leaving = new AbortController()
  const leave = () => leaving.abort()
  const socket = wire?.outgoing.socket
  let text = head
  let next: string | undefined

  async function pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    // The time-out runs only while the client has something to read; each byte it takes restarts it.
    socket?.setTimeout(0)
    const read = await slices.run(holder.address, page(next), leaving.signal)
    text += read.text
    next = read.next
    if (text !== '') controller.enqueue(encoder.encode(text))
    text = ''
    socket?.setTimeout(stallTimeoutMs)
    if (next === undefined) controller.close()
  }

  exchange.once('close', leave)
  // Nothing is read ahead.
  return new ReadableStream({ pull, cancel: leave }, { highWaterMark: 0 })
}
