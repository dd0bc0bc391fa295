import type { Context } from 'hono'
import type { Places } from '../../domain/places.ts'
import type { Slices } from '../../domain/slices.ts'
import type { Client, ClientEnv } from '../client.ts'
import { respond, tookTooLong, tooMuchAtOnce } from '../problem.ts'

/**
 * Answers of any size. A page is read when the client has taken the one before it, so a client that
 * reads slowly costs one page of memory and no reads. One that stops reading is disconnected after
 * the time after which a subscription would be, too; and one whose token expires, at that moment.
 */
export interface Exports {
  /** The answer with all pages, or a refusal if the address has too many of them under way. */
  open(c: Context<ClientEnv>, source: Source): Response | Promise<Response>
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
  /** Counts exports over all processes; undefined: this one is alone. */
  places?: Places | undefined
}

/** Like other long reads; and few enough that their pages need little memory. */
const MOST_AT_ONCE = 16
const MOST_IN_ALL = 256
const RETRY_AFTER_SECONDS = 5

export function createExports({ places, ...deps }: ExportDeps): Exports {
  const byAddress = new Map<string, number>()
  let total = 0

  function add(address: string, change: 1 | -1): void {
    const count = (byAddress.get(address) ?? 0) + change
    if (count === 0) byAddress.delete(address)
    else byAddress.set(address, count)
    total += change
  }

  /** Where there is no room; undefined if there is. */
  function full(address: string): Response | undefined {
    if (total >= MOST_IN_ALL) return respond(tookTooLong(RETRY_AFTER_SECONDS))
    if ((byAddress.get(address) ?? 0) < MOST_AT_ONCE) return undefined
    return respond(tooMuchAtOnce(MOST_AT_ONCE, RETRY_AFTER_SECONDS))
  }

  function begin({ env, get }: Context<ClientEnv>, { headers, ...source }: Source): Response {
    const { address } = env.holder
    add(address, 1)
    env.exchange.once('close', () => add(address, -1))
    const { expiresAt } = get('identity')
    const body = bodyOf(env, { ...source, ...deps, expiresAt })
    return new Response(body, { headers: { ...headers, [STREAMED]: 'chunked' } })
  }

  /** Other processes can have the places that are free here. */
  async function beginShared(c: Context<ClientEnv>, source: Source, shared: Places) {
    const { exchange, holder } = c.env
    const taken = await shared.take([
      { key: 'exports', most: MOST_IN_ALL },
      { key: `exports ${holder.address}`, most: MOST_AT_ONCE },
    ])
    if (taken.full === 'exports') return respond(tookTooLong(RETRY_AFTER_SECONDS))
    if (taken.full !== undefined) return respond(tooMuchAtOnce(MOST_AT_ONCE, RETRY_AFTER_SECONDS))
    const refusal = full(holder.address)
    if (refusal !== undefined || exchange.closed) {
      shared.release(taken.id)
      return refusal ?? new Response(null, { headers: source.headers })
    }
    exchange.once('close', () => shared.release(taken.id))
    return begin(c, source)
  }

  return {
    open(c, source) {
      const { env, req } = c
      const refusal = full(env.holder.address)
      if (refusal !== undefined) return refusal
      // A client that has left would never give its place back.
      if (req.method === 'HEAD' || env.exchange.closed) {
        return new Response(null, { headers: source.headers })
      }
      return places === undefined ? begin(c, source) : beginShared(c, source, places)
    },
    count: () => total,
  }
}

/** Marks an answer whose body is sent while it is read. */
export const STREAMED = 'transfer-encoding'

/** Of Node. No export takes so long. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

function bodyOf(
  client: Client,
  source: Omit<Source, 'headers'> & Omit<ExportDeps, 'places'> & { expiresAt: number | undefined },
): ReadableStream<Uint8Array> {
  const { holder, exchange, wire } = client
  const { head, page, slices, stallTimeoutMs, expiresAt } = source
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
  if (expiresAt !== undefined) {
    // The connection breaks off, so that what has arrived does not look complete.
    const expiry = setTimeout(
      () => wire?.outgoing.destroy(),
      Math.min(expiresAt - Date.now(), LONGEST_TIMER_MS),
    ).unref()
    exchange.once('close', () => clearTimeout(expiry))
  }
  // Nothing is read ahead.
  return new ReadableStream({ pull, cancel: leave }, { highWaterMark: 0 })
}
