import type { Logger } from 'pino'

/** A connection to Redis that comes back by itself. */
export interface Redis {
  /** Sends one command. Rejects at once while there is no connection, and after the time limit. */
  send(command: readonly string[], timeoutMs?: number): Promise<unknown>
  close(): void
}

const CONNECT_MS = 3_000
const COMMAND_MS = 3_000
/** So that a dead connection is noticed: it answers pings, or it is closed. */
const PING_MS = 1_000
const SILENT_MS = 4_000
const LONGEST_PAUSE_MS = 500

/** Connects in the background. `url` may hold a password, so it is never logged. */
export async function openRedis(url: string, logger: Logger): Promise<Redis> {
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
  let isTroubled = false
  client.on('error', (error: Error) => {
    if (!isTroubled) logger.warn({ err: error }, 'Redis cannot be reached, trying again')
    isTroubled = true
  })
  client.on('ready', () => {
    if (isTroubled) logger.info('Redis can be reached again')
    isTroubled = false
  })
  // It goes on trying: what it cannot do shows in each command.
  client.connect().catch(() => {})

  return {
    send: (command, timeoutMs = COMMAND_MS) => within(timeoutMs, client.sendCommand([...command])),
    close: () => client.destroy(),
  }
}

async function within<T>(milliseconds: number, answer: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    reject(new Error(`Redis has not answered within ${milliseconds} ms`))
  }, milliseconds)
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
