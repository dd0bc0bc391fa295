/**
 * The database: one SQLite file with the event log, the streams folded from it, and what the log
 * covers. One process writes it; any number of connections read it. The writer gets the decoder
 * from its caller, because late history and a rebuild decode stored events again. SQL is written by
 * hand; Drizzle gives the schema, the migrations and the types of rows.
 *
 * - store.ts          opens a database for reading, or for writing under the lock
 * - database.ts       opens the file: settings, and files that are refused
 * - migrations.ts     brings the tables up to date
 * - schema.ts         the tables; `npm run migration` writes a migration from them
 * - sqlite.ts         the connection, and the file of a path
 * - lock.ts           one writing process for each file
 * - storage-error.ts  what SQLite's errors mean, and what to do about them
 * - stream-row.ts     a stream as a row
 * - raw.ts            an event as the source gave it, as a column
 * - replace.ts        puts another file into the place of a database's
 * - forward.ts        lets what was opened before go on with it
 * - revision.ts       counts changes that no new event shows
 *
 * read/ never imports from write/:
 *
 * - log.ts            the event log: page.ts (one bounded step), scan.ts (many steps)
 * - merge.ts, candidates.ts, log-query.ts  how a scan finds the matches of a filter
 * - transactions.ts   events by the hashes of their transactions
 * - tokens.ts         what tokens say about themselves
 * - streams.ts        the streams: stream-list.ts, totals.ts (sums), claimable.ts, overall.ts, between.ts
 * - coverage.ts       checkpoint, scanned ledgers, gaps, and the network and contract of the log
 * - corrections.ts    what clients may have read before and is different now; filled.ts, what was missing
 * - records.ts        records of the chain; chain-records.ts folds on them
 * - history.ts        a stream at any ledger, and how it came to be; fold-states.ts, what it keeps for later
 * - summary.ts        what operators see of a database
 * - digest.ts         one hash over log and state
 * - relay-position.ts what this database has of the changes that machines tell each other
 * - held.ts           reads in several steps that see one moment
 *
 * write/ is the writer; its files are in writer.ts.
 */
import type { Decode } from '../domain/event.ts'
import { UsageError } from '../domain/errors.ts'
import { deferCheckpoints, openDatabase, openForReading } from './database.ts'
import { lockDatabase } from './lock.ts'
import type { Lock } from './lock.ts'
import { createCoverage } from './read/coverage.ts'
import type { Coverage, Identity } from './read/coverage.ts'
import { createDigest } from './read/digest.ts'
import { createHeld, createHeldView } from './read/held.ts'
import type { Held } from './read/held.ts'
import { createLog } from './read/log.ts'
import type { Log } from './read/log.ts'
import { createRecords } from './read/records.ts'
import type { Records } from './read/records.ts'
import { createStreams } from './read/streams.ts'
import type { Streams } from './read/streams.ts'
import { createTokens } from './read/tokens.ts'
import type { Tokens } from './read/tokens.ts'
import { createTransactions } from './read/transactions.ts'
import type { Transactions } from './read/transactions.ts'
import { createCorrections } from './read/corrections.ts'
import type { Correction } from './read/corrections.ts'
import { forward } from './forward.ts'
import { replaceFile } from './replace.ts'
import { createRelayPosition } from './read/relay-position.ts'
import type { RelayPosition } from './read/relay-position.ts'
import { createRevision } from './revision.ts'
import { fileAt } from './sqlite.ts'
import type { Sqlite } from './sqlite.ts'
import { createWriter } from './write/writer.ts'
import type { SharedWriter, Writer } from './write/writer.ts'

/** Reads one database file. */
export interface Store {
  path: string
  log: Log
  streams: Streams
  coverage: Coverage
  records: Records
  transactions: Transactions
  tokens: Tokens
  /** Another number after each commit of another connection. */
  changes(): number
  /** Another number after streams or stored events have changed without a new event. */
  revision(): number
  /** Changes of what clients may have read before, the oldest first. */
  corrections(): Correction[]
  /** One hash over log and state up to the checkpoint, equal for databases with the same content. */
  digest(): string
  /** The last change that came from, or went to, other machines. */
  relayPosition(): RelayPosition
  /** Whether the path now leads to another file, or to none. */
  isReplaced(): boolean
  /** Runs reads in one transaction, so that they agree with each other. */
  snapshot<T>(read: () => T): T
  /** Reads in several steps that agree with each other. */
  held: Held
  close(): void
}

/** Reads the file at a path, whichever it is. */
export interface ReopeningStore extends Store {
  /**
   * Goes on with the file that is at the path now. Reads in several steps end on the old one. Throws
   * UsageError if no file there can be read, and then goes on with the old one.
   */
  reopen(): void
}

export interface WritableStore extends Store {
  writer: Writer
  /** For a command that only works off a backlog: fewer writes, but a larger WAL file meanwhile. */
  expectBacklog(): void
}

/** Writes the file at a path, and may put another one there. */
export interface ReplaceableStore extends WritableStore {
  /**
   * Goes on with another file in the place of this one, which is deleted. No read in several steps
   * may be under way. Those who read the file elsewhere have to open it again.
   */
  replaceBy(path: string): void
}

/** For ingestion and audits. On several machines their writes are published before they are stored. */
export interface SharedStore extends Store {
  writer: SharedWriter
}

export interface OpenOptions {
  path: string
  decode: Decode
  /** If the caller already has it. */
  lock?: Lock | undefined
}

/**
 * Opens the database for writing and creates it if needed. Closing it releases the lock. Throws
 * UsageError if the database cannot be used, or if another process writes to it.
 */
export function openStore({
  path,
  decode,
  lock = lockDatabase(path),
}: OpenOptions): ReplaceableStore {
  try {
    const open = () => createWritableStore(openDatabase(path), decode)
    let store = open()
    return {
      ...forward(() => store),
      replaceBy(other) {
        store.close()
        replaceFile(path, other)
        store = open()
      },
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

/** Longer than any read in several steps may take. */
const OLD_FILE_MS = 60_000

/** Opens an existing database for reading. Throws UsageError if there is none. */
export function openStoreForReading(path: string): ReopeningStore {
  function open(): Store {
    // Identified before it is opened: if it is replaced in between, isReplaced() says so.
    const file = fileAt(path)
    return createStore(openForReading(path), file)
  }
  let store = open()
  const closing = new Map<Store, NodeJS.Timeout>()
  return {
    ...forward(() => store),
    reopen() {
      const old = store
      store = open()
      const close = () => {
        closing.delete(old)
        old.close()
      }
      closing.set(old, setTimeout(close, OLD_FILE_MS).unref())
    },
    close() {
      for (const [old, timer] of closing) {
        clearTimeout(timer)
        old.close()
      }
      store.close()
    },
  }
}

export function createWritableStore(sqlite: Sqlite, decode: Decode): WritableStore {
  const store = createStore(sqlite, fileAt(sqlite.name))
  return {
    ...store,
    writer: createWriter({ sqlite, coverage: store.coverage, decode }),
    expectBacklog: () => deferCheckpoints(sqlite),
  }
}

/** `file` identifies the file that was opened. */
function createStore(sqlite: Sqlite, file: string | undefined): Store {
  const path = sqlite.name
  const coverage = createCoverage(sqlite)
  const streams = createStreams(sqlite)
  // A database in memory has only this connection.
  const held: Held =
    path === ':memory:'
      ? { read: (work) => work(createHeldView(sqlite)), close() {} }
      : createHeld(() => openForReading(path))
  // Made once, because making one costs as much as a short read.
  const inTransaction = sqlite.transaction((read: () => unknown) => read())
  const digest = createDigest(sqlite)
  const dataVersion = sqlite.prepare<[], number>('pragma data_version').pluck()
  return {
    path,
    log: createLog(sqlite),
    streams,
    coverage,
    records: createRecords(sqlite, coverage),
    transactions: createTransactions(sqlite),
    tokens: createTokens(sqlite),
    changes: () => dataVersion.get() ?? 0,
    revision: createRevision(sqlite),
    corrections: createCorrections(sqlite),
    digest: () => inTransaction.deferred(digest) as string,
    relayPosition: createRelayPosition(sqlite),
    isReplaced: () => path !== ':memory:' && fileAt(path) !== file,
    snapshot: <T>(read: () => T) => inTransaction.deferred(read) as T,
    held,
    close() {
      held.close()
      sqlite.close()
    },
  }
}

/**
 * Throws UsageError if the database is the log of another network or contract. Writes nothing:
 * ingestion binds the file with its first page, once an RPC has confirmed both. An identity without
 * a checkpoint does not count.
 */
export function claimStore({ path, coverage }: Store, claim: Partial<Identity>): void {
  const identity = coverage.identity()
  if (identity === undefined || coverage.checkpoint() === undefined) return
  const { contractId = identity.contractId, networkPassphrase = identity.networkPassphrase } = claim
  if (networkPassphrase !== identity.networkPassphrase) {
    throw new UsageError(
      `the database ${path} belongs to the network "${identity.networkPassphrase}", not to "${networkPassphrase}": set DATABASE_PATH to another file, or NETWORK to the one it belongs to`,
    )
  }
  if (contractId !== identity.contractId) {
    throw new UsageError(
      `the database ${path} belongs to the contract ${identity.contractId}, not to ${contractId}: set DATABASE_PATH to another file, or CONTRACT_ID to the one it belongs to`,
    )
  }
}
