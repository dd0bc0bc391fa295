import type { Decode } from '../domain/event.ts'
import { UsageError } from '../domain/errors.ts'
import { createWriter } from './write/writer.ts'
import type { Writer } from './write/writer.ts'
import { createChain, createChainWriter } from './write/records.ts'
import type { Chain, ChainWriter } from './write/records.ts'
import { createCoverage } from './read/coverage.ts'
import type { Coverage, Identity } from './read/coverage.ts'
import { createHeld } from './read/held.ts'
import type { Held } from './read/held.ts'
import { fileAt } from './file.ts'
import { createLog } from './read/log.ts'
import type { Log } from './read/log.ts'
import { lockDatabase } from './lock.ts'
import type { Lock } from './lock.ts'
import { deferCheckpoints, openDatabase, openForReading } from './open.ts'
import type { Sqlite } from './open.ts'
import { createStreams } from './read/streams.ts'
import type { Streams } from './read/streams.ts'

/** What can be read of one database file. */
export interface Store {
  /** Of the database file. */
  path: string
  log: Log
  streams: Streams
  coverage: Coverage
  chain: Chain
  /** Changes whenever another connection has committed. */
  changes(): number
  /** Whether the path leads to another file by now, or to none. */
  isReplaced(): boolean
  /** Runs reads in one transaction, so that they agree with each other. */
  snapshot<T>(read: () => T): T
  /** Reads in several steps that agree with each other. */
  held: Held
  close(): void
}

export interface WritableStore extends Store {
  sqlite: Sqlite
  /** For a command that only works off a backlog: writes less, with a larger file meanwhile. */
  expectBacklog(): void
  writer: Writer
  chain: ChainWriter
}

/**
 * The database to write to, for as long as `lock` is held; closing it releases the lock. Throws
 * UsageError when it cannot be used, or when another process writes to it.
 */
export function openStore(
  path: string,
  decode: Decode,
  lock: Lock = lockDatabase(path),
): WritableStore {
  try {
    const sqlite = openDatabase(path)
    const store = createStore(sqlite)
    const { coverage } = store
    return {
      ...store,
      sqlite,
      expectBacklog: () => deferCheckpoints(sqlite),
      writer: createWriter(sqlite, coverage, decode),
      chain: createChainWriter(sqlite, coverage, decode),
      close() {
        store.close()
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** An existing database, to look at. Throws UsageError when there is none. */
export function openStoreForReading(path: string): Store {
  // Before it is opened: one that is replaced in between is opened once more, not kept.
  const file = fileAt(path)
  return createStore(openForReading(path), file)
}

function createStore(sqlite: Sqlite, file = fileAt(sqlite.name)): Store {
  const path = sqlite.name
  const coverage = createCoverage(sqlite)
  const streams = createStreams(sqlite)
  // A database in memory has no other connection; nothing serves one.
  const held: Held =
    path === ':memory:'
      ? { read: (work) => work({ streams, coverage }), close() {} }
      : createHeld(() => openForReading(path))
  const dataVersion = sqlite.prepare('pragma data_version').pluck()
  return {
    path,
    log: createLog(sqlite),
    streams,
    coverage,
    chain: createChain(sqlite, coverage),
    changes: () => dataVersion.get() as number,
    isReplaced: () => path !== ':memory:' && fileAt(path) !== file,
    snapshot: (read) => sqlite.transaction(read).deferred(),
    held,
    close() {
      held.close()
      sqlite.close()
    },
  }
}

/**
 * Makes sure that the file may become, or is, the log of this network and contract. Nothing is
 * written: ingestion binds the file with its first page, after an RPC has confirmed both, and until
 * then what a file says of itself does not count. Throws UsageError.
 */
export function claimStore(store: Store, path: string, claim: Identity): void {
  const known = store.coverage.identity()
  if (known === undefined || store.coverage.checkpoint() === undefined) return
  const refuse = (what: string, has: string, asked: string) =>
    new UsageError(
      `the database ${path} belongs to the ${what} ${has}, not to ${asked}: set DATABASE_PATH to another file, or ${what === 'contract' ? 'CONTRACT_ID' : 'NETWORK'} to the one it belongs to`,
    )
  if (known.networkPassphrase !== claim.networkPassphrase) {
    throw refuse('network', `"${known.networkPassphrase}"`, `"${claim.networkPassphrase}"`)
  }
  if (known.contractId !== claim.contractId) {
    throw refuse('contract', known.contractId, claim.contractId)
  }
}
