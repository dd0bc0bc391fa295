import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Logger } from 'pino'
import { redact } from '../config/redact.ts'
import type { Decode } from '../domain/event.ts'
import { NEVER_AUDITED } from '../domain/upstream.ts'
import type { SourceCounters, Upstream } from '../domain/upstream.ts'
import { createCarrier } from '../relay/carrier.ts'
import type { AnnouncedNode } from '../relay/carrier.ts'
import { openRedis } from '../relay/connection.ts'
import { keysOf } from '../relay/keys.ts'
import { createRelay } from '../relay/relay.ts'
import type { Leadership } from '../relay/relay.ts'
import { createSeeding, snapshotUrl } from '../snapshot/seed.ts'
import type { ReplaceableStore } from '../store/store.ts'
import { createIndexing } from './indexing.ts'
import type { Indexing, IndexingConfig, IndexingEvents } from './indexing.ts'
import { openSource } from './open-source.ts'
import { createPatience } from './patience.ts'

/**
 * The indexing half on one of several machines: the usual one while this node leads, and a follower
 * of the leader's log otherwise.
 */

export type NodeConfig = IndexingConfig & { redisUrl: string }

export interface NodeParts {
  logger: Logger
  /** Where this process serves. */
  port: number
  store: ReplaceableStore
  decode: Decode
}

/** A page is one entry in Redis. */
const LIMITS = { events: 2_000, milliseconds: 2_000 }

/** Closing it closes the store too. */
export async function openNode(config: NodeConfig, parts: NodeParts): Promise<Indexing> {
  const { logger, port, store, decode } = parts
  const { networkPassphrase, contractId } = config
  const identity = { networkPassphrase, contractId }
  const redis = await openRedis(config.redisUrl, logger)
  // Waiting for news keeps a connection busy.
  const reader = await openRedis(config.redisUrl, logger)
  const carrier = createCarrier(redis, keysOf(identity), {
    retentionSeconds: config.redisRetentionHours * 3_600,
    reader,
  })
  const patience = createPatience(store.path, logger)
  let events: IndexingEvents = { committed() {}, applied() {}, fault() {} }
  /** While this node leads. */
  let indexing: Indexing | undefined
  let audit = NEVER_AUDITED
  const relay = createRelay({
    carrier,
    store,
    decode,
    identity,
    log: logger,
    id: randomUUID(),
    name: config.nodeName ?? `${hostname()}:${port}`,
    url: config.nodeUrl,
    leaseMs: config.leaseSeconds * 1_000,
    onApplied() {
      patience.written()
      events.committed()
    },
    lead,
    seed,
    cannotSeed: config.adminToken === undefined ? NO_TOKEN : null,
  })

  async function lead({ store: shared, mayAsk }: Leadership, signal: AbortSignal): Promise<void> {
    const source = await openSource(config, logger, mayAsk)
    try {
      const kept = { ...shared, close() {} }
      indexing = createIndexing(config, { source, logger, store: kept, decode, limits: LIMITS })
      await indexing.run(events, signal)
    } finally {
      audit = indexing?.upstream().audit ?? audit
      await indexing?.close()
      indexing = undefined
      await source.close()
    }
  }

  const { adminToken: token, snapshotUrl: only } = config
  const seeding =
    token === undefined ? undefined : createSeeding({ store, identity, token, logger })

  /** All nodes have the same ADMIN_TOKEN; without one no snapshot can be asked for. */
  async function seed(peers: readonly AnnouncedNode[], signal: AbortSignal): Promise<boolean> {
    const announced = peers.flatMap(({ url }) => (url === null ? [] : [snapshotUrl(url)]))
    const urls = only === undefined ? announced : [only]
    return (await seeding?.from(urls, signal)) !== undefined
  }

  /** A follower asks no RPC; the leader's tip comes with its pages. */
  function following(): Upstream {
    return {
      endpoints: config.rpcUrls.map((url) => ({ url: redact(url), ...NOT_ASKED })),
      alarm: patience.trouble(),
      tipStillForMs: relay.tipStillForMs(),
      audit,
    }
  }

  return {
    upstream: () => ({ ...(indexing?.upstream() ?? following()), node: relay.status() }),
    counters: () => indexing?.counters() ?? NO_COUNTERS,
    readToken: async (address) => indexing?.readToken(address),
    async run(observer, signal) {
      events = observer
      await patience.through(relay.run, signal)
    },
    retire: relay.retire,
    async close() {
      redis.close()
      reader.close()
      store.close()
    },
  }
}

const NO_TOKEN =
  'it has missed what others published, and cannot ask a peer for a snapshot: set ADMIN_TOKEN, to the same secret on every node'

const NOT_ASKED = {
  state: 'starting',
  latestLedger: null,
  oldestLedger: null,
  lastError: null,
} as const

const NO_COUNTERS: SourceCounters = {
  failovers: 0,
  disagreements: 0,
  disagreement: null,
  endpoints: [],
}
