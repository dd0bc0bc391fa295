import { pino } from 'pino'
import { openRedis } from '../../src/relay/connection.ts'
import { startRedis } from '../../test/support/redis.ts'
import type { RedisServer } from '../../test/support/redis.ts'
import { percentile } from '../table.ts'

export interface RedisAccount {
  /** CPU time so far, in microseconds. */
  cpu: number
  /** Bytes sent to all nodes. */
  sent: number
  commands: number
}

export function accountOf(redis: RedisServer): RedisAccount {
  const info = redis.command('INFO', 'everything')
  const field = (name: string) => Number(new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1] ?? 0)
  return {
    cpu: (field('used_cpu_user') + field('used_cpu_sys')) * 1e6,
    sent: field('total_net_output_bytes'),
    commands: field('total_commands_processed'),
  }
}

/** Bytes that the stream of pages takes. */
export function storedOf(redis: RedisServer): number {
  const [pages = ''] = redis.command('KEYS', 'flowfi:*:pages').split('\n')
  return Number(redis.command('MEMORY', 'USAGE', pages, 'SAMPLES', '0'))
}

export interface Bare {
  /** The time from XADD to the answer of a waiting XREAD, in milliseconds. */
  bareMedian: number
  bareLate: number
}

const ROUNDS = 300

/** The least that anything takes through Redis: one small entry, to one who waits for it. */
export async function bareRedis(): Promise<Bare> {
  const server = await startRedis()
  const log = pino({ level: 'silent' })
  const [writer, reader] = [await openRedis(server.url, log), await openRedis(server.url, log)]
  const times: number[] = []
  try {
    while ((await reader.send(['PING']).catch(() => '')) !== 'PONG') await turn()
    while ((await writer.send(['PING']).catch(() => '')) !== 'PONG') await turn()
    for (let round = 1; round <= ROUNDS; round += 1) {
      const waiting = reader.send(['XREAD', 'BLOCK', '5000', 'STREAMS', 'bare', `${round - 1}-0`])
      await turn()
      const began = performance.now()
      await Promise.all([writer.send(['XADD', 'bare', `${round}-0`, 'entry', '1']), waiting])
      times.push(performance.now() - began)
    }
  } finally {
    writer.close()
    reader.close()
    await server.close()
  }
  return { bareMedian: percentile(times, 0.5), bareLate: percentile(times, 0.99) }
}

/** So that the command has been sent. */
function turn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setTimeout(resolve, 2)
  return promise
}
