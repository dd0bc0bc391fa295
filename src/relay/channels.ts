import { createRedisClient } from './client.ts'

/** Channels of Redis that are listened to, again after each break of the connection. */
export interface Channels {
  /** Whether a message would be heard now. */
  isListening(): boolean
  close(): void
}

export async function openChannels(
  url: string,
  channels: ReadonlyMap<string, (message: string) => void>,
): Promise<Channels> {
  const client = await createRedisClient(url)
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
