import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { isEvent, openClient, subscribeRequest } from '../support/feed/client.ts'
import type { FeedClient } from '../support/feed/client.ts'

/** A client that comes back whenever its connection ends, and goes on after the last id it has. */
export interface Reader {
  query: string
  /** The ids of its events, in the order in which they came. */
  ids(): string[]
  /** What it was told about its position. */
  resets(): object[]
  connections(): number
}

/** So that a server that refuses everybody is not asked without a pause. */
const PAUSE_MS = 50

export function startReader(url: string, query: string): Reader {
  const ids: string[] = []
  const resets: object[] = []
  const leaving = new AbortController()
  let lastId: string | undefined
  let connections = 0
  let current: FeedClient | undefined
  let taken = 0

  /** Moves what has come out of the client. */
  function take(): void {
    const { messages } = current ?? { messages: [] }
    for (; taken < messages.length; taken += 1) {
      const message = messages[taken]!
      if (isEvent(message)) ids.push(message.id!)
      if (message.event === 'reset') resets.push(message.data)
    }
    lastId = current?.lastId ?? lastId
  }

  async function read(): Promise<void> {
    const headers: Record<string, string> = lastId === undefined ? {} : { 'Last-Event-ID': lastId }
    const request = subscribeRequest(`${url}/events/subscribe?cursor=earliest&${query}`, headers)
    current = await openClient(url, request)
    taken = 0
    connections += 1
    const { socket } = current
    const leave = () => socket.destroy()
    leaving.signal.addEventListener('abort', leave, { once: true })
    if (!current.ended) await once(socket, 'close')
    leaving.signal.removeEventListener('abort', leave)
    take()
    current = undefined
  }

  async function run(): Promise<void> {
    while (!leaving.signal.aborted) {
      await read().catch(() => {})
      await sleep(PAUSE_MS)
    }
  }

  const running = run()
  onTestFinished(async () => {
    leaving.abort()
    await running
  })
  return {
    query,
    ids() {
      take()
      return ids
    },
    resets() {
      take()
      return resets
    },
    connections: () => connections,
  }
}
