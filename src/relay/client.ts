const CONNECT_MS = 3_000
/** So that a dead connection is noticed: it answers pings, or it is closed. */
const PING_MS = 1_000
const SILENT_MS = 4_000
const LONGEST_PAUSE_MS = 500

/** A client of Redis that connects again after each break. `url` may hold a password: never log it. */
export async function createRedisClient(url: string) {
  // Loaded only by nodes of a cluster.
  const { createClient } = await import('@redis/client')
  return createClient({
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
}
