import { createParser } from 'eventsource-parser'
import { FeedError } from './errors.ts'
import { parseFrame } from './frames.ts'
import type { Frame } from './frames.ts'
import type { Subscribing } from './options.ts'
import { retryAfter } from './backoff.ts'
import type { Watchdog } from './watchdog.ts'

/** One connection, from the request to its end. */

export interface Reader {
  frame(frame: Frame): void
  retry(ms: number): void
  /** Settles when there is room for more; undefined: there is. */
  full(): Promise<void> | undefined
}

/** A refusal, with how long the daemon wants to be left alone. */
export interface Refusal {
  error: FeedError
  retryAfterMs: number | undefined
}

/** No frame of the daemon comes near. */
const LONGEST_FRAME = 4_000_000
const LONGEST_DETAIL = 2_000
const TRANSIENT = new Set([408, 429])

type Body = ReadableStream<Uint8Array>

/** Sends the request. Throws a `FeedError` or `Refusal` if the answer is not the feed. */
export async function openLine({ url, init }: Subscribing, signal: AbortSignal): Promise<Body> {
  const response = await fetch(url, { ...init, signal }).catch((cause: unknown) => {
    if (signal.aborted) throw signal.reason
    throw new FeedError('unreachable', `${url} cannot be reached`, { cause })
  })
  const { status, headers, body } = response
  if (status === 200 && isFeed(headers) && body !== null) return body
  const error = status === 200 ? notTheFeed(url) : await refused(response)
  await body?.cancel().catch(() => {})
  const refusal: Refusal = { error, retryAfterMs: retryAfter(headers.get('Retry-After')) }
  throw refusal
}

function isFeed(headers: Headers): boolean {
  return headers.get('Content-Type')?.startsWith('text/event-stream') ?? false
}

function notTheFeed(url: string): FeedError {
  return new FeedError('unreadable', `${url} is not the feed of a flowfi-indexer`, { status: 200 })
}

async function refused(response: Response): Promise<FeedError> {
  const { status } = response
  const detail = await detailOf(response)
  const error = (reason: FeedError['reason'], said: string) =>
    new FeedError(reason, `${said} (${status})${detail}`, { status })
  if (status === 401) return error('unauthorized', 'the daemon did not accept the token')
  if (status >= 400 && status < 500 && !TRANSIENT.has(status)) {
    return error('refused', 'the daemon refused the subscription')
  }
  return error('unavailable', 'the daemon cannot serve the feed for now')
}

/** What the problem document says. */
async function detailOf(response: Response): Promise<string> {
  if (!response.headers.get('Content-Type')?.includes('json')) return ''
  const { detail } = (await response.json().catch(() => ({}))) as { detail?: unknown }
  return typeof detail === 'string' ? `: ${detail.slice(0, LONGEST_DETAIL)}` : ''
}

/** Reads until the response ends or `signal` aborts, and no further than there is room. */
export async function readLine(
  { body, reader, watchdog }: { body: Body; reader: Reader; watchdog: Watchdog },
  signal: AbortSignal,
): Promise<void> {
  const decoder = new TextDecoder()
  const parser = createParser({
    maxBufferSize: LONGEST_FRAME,
    onRetry: reader.retry,
    onEvent(message) {
      const frame = parseFrame(message)
      if (frame !== undefined) reader.frame(frame)
    },
  })
  const chunks = body.getReader()
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  async function room(): Promise<void> {
    watchdog.pause(true)
    for (let full = reader.full(); full !== undefined && !signal.aborted; full = reader.full()) {
      await Promise.race([full, stopped])
    }
    watchdog.alive()
    watchdog.pause(false)
  }

  try {
    while (!signal.aborted) {
      const { done, value } = await chunks.read()
      if (done) return
      watchdog.alive()
      for (const block of blocks(decoder.decode(value, { stream: true }))) {
        if (reader.full() !== undefined) await room()
        if (signal.aborted) return
        parser.feed(block)
      }
    }
  } finally {
    await chunks.cancel().catch(() => {})
  }
}

/** Frame by frame, because a chunk can hold more of them than there is room for. */
function* blocks(text: string): Generator<string> {
  let start = 0
  // The end of a frame whose last line came with the chunk before.
  if (text.startsWith('\n')) yield text.slice(0, ++start)
  for (let end = text.indexOf('\n\n', start); end !== -1; end = text.indexOf('\n\n', start)) {
    yield text.slice(start, end + 2)
    start = end + 2
  }
  if (start < text.length) yield text.slice(start)
}
