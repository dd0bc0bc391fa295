import type { Logger } from 'pino'
import type { Feed } from '../feed/feed.ts'
import type { Operation, Outcome } from '../feed/operation.ts'
import type { FeedStats } from '../feed/stats.ts'
import { operateAll } from '../http/peers.ts'
import type { Cluster, Peers } from '../http/peers.ts'
import { openAsking } from '../relay/asking.ts'
import { keysOf } from '../relay/keys.ts'
import type { Identity } from '../store/read/coverage.ts'

/** What is asked of every process that serves, on every node. */
type Question = { kind: 'stats' } | { kind: 'operate'; operation: Operation }

export interface ClusterDeps {
  identity: Identity
  logger: Logger
  feed: Feed
  peers: Peers | undefined
}

/** The subscriptions of all nodes of the network and contract; undefined on a single machine. */
export async function openCluster(
  redisUrl: string | undefined,
  { identity, logger, feed, peers }: ClusterDeps,
): Promise<(Cluster & { close(): void }) | undefined> {
  if (redisUrl === undefined) return undefined
  const asking = await openAsking<Question, FeedStats | Outcome>({
    redisUrl,
    prefix: keysOf(identity).prefix,
    logger,
    async answer(question) {
      return question.kind === 'stats' ? feed.stats() : await feed.operate(question.operation)
    },
  })
  return {
    async stats() {
      const asked = await asking.ask({ kind: 'stats' }).catch(() => undefined)
      return asked && (asked.answers as FeedStats[])
    },
    async operate(operation) {
      try {
        const { answers, missing } = await asking.ask({ kind: 'operate', operation })
        return { outcomes: answers as Outcome[], missing }
      } catch (error) {
        logger.warn({ err: error }, 'other nodes cannot be asked: only this one did it')
        const own = await operateAll({ feed, ...(peers && { peers }) }, operation)
        return { ...own, missing: own.missing + 1 }
      }
    },
    close: asking.close,
  }
}
