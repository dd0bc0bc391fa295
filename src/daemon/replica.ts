import type { Logger } from 'pino'
import type { Vault } from '../auth/vault.ts'
import type { Config } from '../config/config.ts'
import { UsageError } from '../domain/errors.ts'
import type { Places } from '../domain/places.ts'
import type { ReadToken } from '../domain/token.ts'
import { NEVER_AUDITED } from '../domain/upstream.ts'
import type { AuditStatus, Upstream } from '../domain/upstream.ts'
import type { TakeRequest } from '../http/rate-limit.ts'
import type { Peers } from '../http/peers.ts'
import { bindServer } from '../http/server/bind.ts'
import type { Identity } from '../store/read/coverage.ts'
import { claimStore, openStoreForReading } from '../store/store.ts'
import { startFront } from './front.ts'
import type { Front } from './front.ts'

export interface ReplicaParts {
  logger: Logger
  version: string
  /** The limits of subscriptions and waiting requests are divided by this number of processes. */
  share?: number
  /** What the process that indexes last reported. A replica without it knows only the database. */
  upstream?: () => Upstream | undefined
  peers?: Peers
  /** Counts requests over all processes; default: this process counts its own. */
  takeRequest?: TakeRequest
  /** Asks the process that indexes. */
  readToken?: ReadToken
  /** Counts subscriptions and exports over all processes; default: this process counts its own. */
  places?: Places
  /** What may be used once; default: at this process. */
  vault?: Vault
}

/**
 * The routes and the feed over a database that another process writes. Throws UsageError if there is
 * nothing to serve.
 */
export async function startReplica(config: Config, parts: ReplicaParts): Promise<Front> {
  const isWorker = parts.upstream !== undefined
  const { contractId, networkPassphrase: network } = identify(config, isWorker)
  const bound = await bindServer({ ...config, reusePort: true })
  const { upstream: reported } = parts
  try {
    return await startFront(config, {
      ...parts,
      bound,
      contractId,
      network,
      upstream: (stillForMs) =>
        reported ? withOwnClock(reported(), stillForMs) : databaseOnly(stillForMs),
    })
  } catch (error) {
    bound.server.close()
    throw error
  }
}

/** The identity of the log. A worker can serve a new file, which has none before its first page. */
function identify(config: Config, isWorker: boolean): Identity {
  const { databasePath, contractId, networkPassphrase } = config
  const store = openStoreForReading(databasePath)
  try {
    const isNew = store.coverage.checkpoint() === undefined
    const identity = store.coverage.identity()
    if (isWorker && isNew && contractId !== undefined) return { contractId, networkPassphrase }
    if (identity === undefined) {
      throw new UsageError(
        `the database ${databasePath} is empty: run "flowfi-indexer start" on it, and serve it once an RPC has confirmed its network and contract`,
      )
    }
    // NETWORK has a default, so only CONTRACT_ID says what the user expects.
    claimStore(store, contractId === undefined ? {} : { contractId })
    return identity
  } finally {
    store.close()
  }
}

/** If the process that indexes stops reporting, our own clock shows that the tip stands still. */
function withOwnClock(reported: Upstream | undefined, stillForMs: number): Upstream {
  if (reported?.tipStillForMs === undefined) {
    return { ...databaseOnly(0), ...reported, tipStillForMs: undefined }
  }
  return { ...reported, tipStillForMs: Math.max(reported.tipStillForMs, stillForMs) }
}

function databaseOnly(tipStillForMs: number): Upstream {
  return { endpoints: [], alarm: null, audit: NOT_AUDITED_HERE, tipStillForMs }
}

const NOT_AUDITED_HERE: AuditStatus = {
  ...NEVER_AUDITED,
  lastError: 'this process only serves: ask the one that indexes, which audits',
}
