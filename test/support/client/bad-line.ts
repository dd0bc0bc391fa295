import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * What happens to one request for the feed.
 *
 * - `frames`  how many frames pass before it; frames count from the first of that request
 * - `cut`     half a frame, then the connection is destroyed; `truncate`: then a clean end
 * - `repeat`  all frames of this request come a second time
 * - `stall`   the connection stays open, and nothing comes any more
 * - `dribble` everything passes, in pieces of a few bytes that care for no character or line
 * - `damage`  half a frame, and the next one right behind it
 * - `answer`  the daemon is not asked
 */
export type Trouble =
  | { kind: 'cut' | 'truncate' | 'repeat' | 'stall' | 'damage'; frames: number }
  | { kind: 'dribble' }
  | { kind: 'answer'; status: number; headers?: Record<string, string>; body?: string }

export interface BadLine {
  url: string
  /** The next requests get these troubles, one each; the others pass untouched. */
  plan(...troubles: Trouble[]): void
  /** Troubles that have not happened yet. */
  left(): number
  /** Heads of the requests for the feed. */
  requests: { method: string; url: string; headers: IncomingMessage['headers'] }[]
  /** Subscriptions that are open. */
  open(): number
  /** A client has stopped reading: the buffers before it are full. */
  held(): boolean
  /** The daemon has another address now. */
  target(url: string): void
  close(): Promise<void>
}

/** Clients wait this long before they reconnect, whatever the daemon says. */
const RETRY_MS = 15

/** A proxy that understands the feed, and spoils it. Other requests pass. */
export async function startBadLine(daemonUrl: string): Promise<BadLine> {
  let target = daemonUrl
  let troubles: Trouble[] = []
  const requests: BadLine['requests'] = []
  const streams = new Set<ServerResponse>()

  const server = createServer((asked, answer) => {
    const { method = '', url = '', headers } = asked
    const isFeed = url.startsWith('/events/subscribe')
    const trouble = isFeed ? troubles[0] : undefined
    if (isFeed) requests.push({ method, url, headers })
    if (trouble?.kind === 'answer') {
      troubles.shift()
      answer.writeHead(trouble.status, trouble.headers).end(trouble.body)
      return
    }
    const upstream = request(new URL(url, target), { method, headers, agent: false })
    upstream.on('error', () => answer.destroy())
    answer.on('close', () => upstream.destroy())
    asked.pipe(upstream)
    upstream.on('response', (came) => {
      answer.writeHead(came.statusCode ?? 502, came.headers)
      came.on('error', () => answer.destroy())
      if (!isFeed || came.statusCode !== 200) {
        came.pipe(answer)
        return
      }
      answer.flushHeaders()
      streams.add(answer)
      answer.on('close', () => streams.delete(answer))
      pass(came, answer, trouble)
    })
  })

  function pass(came: IncomingMessage, answer: ServerResponse, trouble: Trouble | undefined) {
    let pending = ''
    let sent = ''
    let frames = 0
    let isStalled = false
    came.setEncoding('utf8')
    came.on('end', () => answer.end())
    came.on('close', () => !answer.writableEnded && answer.destroy())
    came.on('data', (text: string) => {
      pending += text.replace(/^retry: \d+/m, `retry: ${RETRY_MS}`)
      for (let end = pending.indexOf('\n\n'); end !== -1; end = pending.indexOf('\n\n')) {
        const frame = pending.slice(0, end + 2)
        pending = pending.slice(end + 2)
        if (isStalled) continue
        frames += 1
        spoil(frame)
      }
      // Heartbeats have no blank line.
      if (!isStalled && pending === ':\n') {
        answer.write(pending)
        pending = ''
      }
    })

    function spoil(frame: string): void {
      if (trouble === undefined) return void answer.write(frame)
      if (trouble.kind === 'dribble') {
        troubles = troubles.filter((each) => each !== trouble)
        const bytes = Buffer.from(frame)
        for (let at = 0; at < bytes.length; at += 7) answer.write(bytes.subarray(at, at + 7))
        return
      }
      const isDue = 'frames' in trouble && frames > trouble.frames && troubles.includes(trouble)
      if (!isDue) {
        sent += frame
        return void answer.write(frame)
      }
      troubles = troubles.filter((each) => each !== trouble)
      const half = frame.slice(0, Math.ceil(frame.length / 2))
      if (trouble.kind === 'cut') answer.write(half, () => answer.destroy())
      if (trouble.kind === 'truncate') answer.end(half)
      if (trouble.kind === 'repeat') answer.write(frame + sent + frame)
      if (trouble.kind === 'damage') answer.write(half)
      if (trouble.kind === 'stall') answer.write(half)
      isStalled = trouble.kind === 'stall' || trouble.kind === 'cut' || trouble.kind === 'truncate'
    }
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    plan: (...next) => void troubles.push(...next),
    left: () => troubles.length,
    requests,
    open: () => streams.size,
    held: () => [...streams].some(({ writableNeedDrain }) => writableNeedDrain),
    target: (url) => void (target = url),
    async close() {
      const gone = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await gone
    },
  }
}
