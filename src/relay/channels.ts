/** Channels of Redis that are listened to, again after each break of the connection. */
export interface Channels {
  /** Whether a message would be heard now. */
  isListening(): boolean
  close(): void
}

const CONNECT_MS = 3_000
/** So that a dead connection is noticed: it answers pings, or it is closed. */
const PING_MS = 1_000
const SILENT_MS = 4_000
const LONGEST_PAUSE_MS = 500

/** `url` may hold a password, so it is never logged. */
export async function openChannels(
  url: string,
  channels: ReadonlyMap<string, (message: string) => void>,
): Promise<Channels> {
  // Loaded only by those who use it.
  const { createClient } = await import('@redis/client')
  const client = createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    pingInterval: PING_MS,
    socket: {
      connectTimeout: CONNECT_MS,
      socketTimeout: SILENT_MS,
      reconnectStrategy: (retries) => Math.min(20 * 2 ** Math.min(retries, 10), LONGEST_PAUSE_MS),
    },
  })
  let isListening = false
  // The other connections to Redis say it in the log.
  client.on('error', () => {
    isListening = false
  })
  async function listen(): Promise<void> {
    try {
      await Promise.all([...channels].map(([channel, hear]) => client.subscribe(channel, hear)))
      isListening = client.isReady
    } catch {
      // The connection has broken again: it listens after the next one.
    }
  }
  client.on('ready', () => void listen())
  client.connect().catch(() => {})
  return { isListening: () => isListening && client.isReady, close: () => client.destroy() }
}
