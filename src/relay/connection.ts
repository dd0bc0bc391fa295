import type { Logger } from 'pino'
import { createRedisClient } from './client.ts'

/** A connection to Redis that comes back by itself. */
export interface Redis {
  /** Sends one command. Rejects at once while there is no connection, and after the time limit. */
  send(command: readonly string[], timeoutMs?: number): Promise<unknown>
  close(): void
}

const COMMAND_MS = 3_000

/** Connects in the background. */
export async function openRedis(url: string, logger: Logger): Promise<Redis> {
  const client = await createRedisClient(url)
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
