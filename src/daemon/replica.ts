import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import { UsageError } from '../domain/errors.ts'
import type { AuditStatus, Upstream } from '../domain/upstream.ts'
import { bindServer } from '../http/server/bind.ts'
import type { TakeRequest } from '../http/rate-limit.ts'
import type { Peers } from '../http/peers.ts'
import type { Identity } from '../store/read/coverage.ts'
import { openStoreForReading } from '../store/store.ts'
import { startFront } from './front.ts'
import type { Front } from './front.ts'

export interface ReplicaParts {
  logger: Logger
  version: string
  /** The places for subscriptions are divided among so many processes. */
  share?: number
  /** As last heard from the process that indexes; without it, the database alone tells. */
  upstream?: () => Upstream | undefined
  peers?: Peers
  /** Counts requests over all processes; without it this one counts its own. */
  takeRequest?: TakeRequest
}

/**
 * The routes and the feed over a database that another process writes. Throws UsageError when
 * there is nothing to serve.
 */
export async function startReplica(config: Config, parts: ReplicaParts): Promise<Front> {
  const isWorker = parts.upstream !== undefined
  const { contractId, networkPassphrase: network } = identify(config, isWorker)
  const bound = await bindServer({ ...config, reusePort: true })
  const { upstream: told } = parts
  try {
    return await startFront(config, {
      ...parts,
      bound,
      contractId,
      network,
      upstream: (stillForMs) => (told ? heard(told(), stillForMs) : unheard(stillForMs)),
    })
  } catch (error) {
    bound.server.close()
    throw error
  }
}

/** Whose log the file holds. A worker serves a new file too, which its first page will bind. */
function identify(config: Config, isWorker: boolean): Identity {
  const { databasePath, contractId, networkPassphrase } = config
  const store = openStoreForReading(databasePath)
  const isNew = store.coverage.checkpoint() === undefined
  const identity = store.coverage.identity()
  store.close()
  if (isWorker && isNew && contractId !== undefined) return { contractId, networkPassphrase }
  if (identity === undefined) {
    throw new UsageError(
      `the database ${databasePath} holds nothing yet: run "flowfi-indexer start" on it, and serve it once an RPC has confirmed its network and contract`,
    )
  }
  if (contractId !== undefined && contractId !== identity.contractId) {
    throw new UsageError(
      `the database ${databasePath} belongs to the contract ${identity.contractId}, not to ${contractId}: set DATABASE_PATH to another file, or leave CONTRACT_ID out`,
    )
  }
  return identity
}

/** What the indexer last reported; when it stops reporting, our own clock decides. */
function heard(told: Upstream | undefined, stillForMs: number): Upstream {
  if (told?.tipStillForMs === undefined) return { ...unheard(0), ...told, tipStillForMs: undefined }
  return { ...told, tipStillForMs: Math.max(told.tipStillForMs, stillForMs) }
}

function unheard(tipStillForMs: number): Upstream {
  return { endpoints: [], alarm: null, audit: NOT_AUDITED_HERE, tipStillForMs }
}

const NOT_AUDITED_HERE: AuditStatus = {
  bootstrapped: false,
  running: false,
  last: null,
  driftTotal: 0,
  repairedTotal: 0,
  lastError: 'this process only serves: the one that indexes audits, ask it',
}
