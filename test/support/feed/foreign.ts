import { createRequire } from 'node:module'
import { EventSource as StandardEventSource } from 'eventsource'
import { createEventSource } from 'eventsource-client'
import { fetchEventSource } from '@microsoft/fetch-event-source'
import { EventSource as UndiciEventSource } from 'undici'

/** What an application's handler got. */
export interface Heard {
  type: string
  data: string
  id: string
}

export interface ForeignClient {
  name: string
  /** Whether a clean end of the response, too, brings it back without the application's help. */
  survivesCleanEnd: boolean
  /**
   * It resumes behind an event whose id it has read, whether or not it has handed the event over:
   * between the id's line and the blank line there is one byte where a cut costs it the event,
   * whatever a server does.
   */
  takesIdEarly: boolean
  /** Reads the feed as its documentation shows; returns how to stop it. */
  read(url: string, types: readonly string[], heard: (event: Heard) => void): () => void
}

/** The part of the standard's interface that three of them have. */
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
  return (url, types, heard) => {
    const source = create(url)
    for (const type of types) {
      source.addEventListener(type, ({ data, lastEventId }) =>
        heard({ type, data, id: lastEventId }),
      )
    }
    return () => source.close()
  }
}

/** It comes without types. */
const { EventSource: LaunchDarklyEventSource } = createRequire(import.meta.url)(
  'launchdarkly-eventsource',
) as {
  EventSource: new (url: string) => Listening & { on(event: 'error', listener: () => void): void }
}

/** Clients that other people wrote, each used in the simplest way it offers. */
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
    read(url, types, heard) {
      const source = createEventSource({
        url,
        onMessage({ event = 'message', data, id = '' }) {
          if (types.includes(event)) heard({ type: event, data, id })
        },
      })
      return () => source.close()
    },
  },
  {
    name: '@microsoft/fetch-event-source',
    survivesCleanEnd: false,
    takesIdEarly: true,
    read(url, types, heard) {
      const stop = new AbortController()
      void fetchEventSource(url, {
        signal: stop.signal,
        onmessage({ event, data, id }) {
          if (types.includes(event)) heard({ type: event, data, id })
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
      // Without a listener Node throws what is only a cut.
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
