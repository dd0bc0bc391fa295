import type { Logger } from 'pino'
import { createCarrier } from '../relay/carrier.ts'
import { openRedis } from '../relay/connection.ts'
import { keysOf } from '../relay/keys.ts'
import { createNewest } from '../relay/newest.ts'
import type { Newest } from '../relay/newest.ts'
import type { Identity } from '../store/read/coverage.ts'

/** For what serves: which positions other machines can have shown to their clients. */
export interface Published {
  newest: Newest
  close(): void
}

/** Undefined on a single machine. */
export async function openPublished(
  redisUrl: string | undefined,
  { identity, logger }: { identity: Identity; logger: Logger },
): Promise<Published | undefined> {
  if (redisUrl === undefined) return undefined
  const redis = await openRedis(redisUrl, logger)
  const carrier = createCarrier(redis, keysOf(identity))
  return { newest: createNewest(carrier.head), close: redis.close }
}
