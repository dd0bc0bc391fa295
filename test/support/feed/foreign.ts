import { createRequire } from 'node:module'
import { EventSource as StandardEventSource } from 'eventsource'
import { createEventSource } from 'eventsource-client'
import { fetchEventSource } from '@microsoft/fetch-event-source'
import { EventSource as UndiciEventSource } from 'undici'

/** An event as an application's handler gets it. */
export interface Received {
  type: string
  data: string
  id: string
}

export interface ForeignClient {
  name: string
  /** It reconnects by itself even after a clean end of the response. */
  survivesCleanEnd: boolean
  /**
   * It resumes after an id as soon as it has read the line of the id, even if it has not handed the
   * event over: a cut between that line and the blank line loses the event, whatever a server does.
   */
  takesIdEarly: boolean
  /** Reads the feed as the client's documentation shows; returns how to stop. */
  read(url: string, types: readonly string[], received: (event: Received) => void): () => void
}

/** The part of the standard interface that three of the clients have. */
interface Listening {
  addEventListener(type: string, listener: (event: MessageText) => void): void
  close(): void
}

interface MessageText {
  type: string
  data: string
  lastEventId: string
}

function listening(create: (url: string) => Listening): ForeignClient['read'] {
  return (url, types, received) => {
    const source = create(url)
    for (const type of types) {
      source.addEventListener(type, ({ data, lastEventId }) =>
        received({ type, data, id: lastEventId }),
      )
    }
    return () => source.close()
  }
}

/** The package has no types. */
const { EventSource: LaunchDarklyEventSource } = createRequire(import.meta.url)(
  'launchdarkly-eventsource',
) as {
  EventSource: new (url: string) => Listening & { on(event: 'error', listener: () => void): void }
}

/** Published clients, each used in the simplest way it offers. */
export const FOREIGN_CLIENTS: readonly ForeignClient[] = [
  {
    name: 'eventsource',
    survivesCleanEnd: true,
    takesIdEarly: false,
    read: listening((url) => new StandardEventSource(url)),
  },
  {
    name: 'eventsource-client',
    survivesCleanEnd: true,
    takesIdEarly: false,
    read(url, types, received) {
      const source = createEventSource({
        url,
        onMessage({ event = 'message', data, id = '' }) {
          if (types.includes(event)) received({ type: event, data, id })
        },
      })
      return () => source.close()
    },
  },
  {
    name: '@microsoft/fetch-event-source',
    survivesCleanEnd: false,
    takesIdEarly: true,
    read(url, types, received) {
      const stop = new AbortController()
      void fetchEventSource(url, {
        signal: stop.signal,
        onmessage({ event, data, id }) {
          if (types.includes(event)) received({ type: event, data, id })
        },
      })
      return () => stop.abort()
    },
  },
  {
    name: 'launchdarkly-eventsource',
    survivesCleanEnd: true,
    takesIdEarly: false,
    read: listening((url) => {
      const source = new LaunchDarklyEventSource(url)
      // Without a listener, Node throws when the connection is cut.
      source.on('error', () => {})
      return source
    }),
  },
  {
    name: "undici's EventSource",
    survivesCleanEnd: true,
    takesIdEarly: false,
    read: listening((url) => new UndiciEventSource(url)),
  },
]
