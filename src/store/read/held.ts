import { createCoverage } from './coverage.ts'
import type { Coverage } from './coverage.ts'
import { createFoldStates } from './fold-states.ts'
import type { FoldStates } from './fold-states.ts'
import { createHistory } from './history.ts'
import type { History } from './history.ts'
import type { Sqlite } from '../sqlite.ts'
import { createStreams } from './streams.ts'
import type { Streams } from './streams.ts'

/** Reads the database as it was at one moment. */
export interface HeldView {
  streams: Streams
  coverage: Coverage
  history: History
}

/** `states` may be shared by all connections to the same database. */
export function createHeldView(sqlite: Sqlite, states?: FoldStates): HeldView {
  const coverage = createCoverage(sqlite)
  const history = createHistory(sqlite, coverage, states)
  return { streams: createStreams(sqlite), coverage, history }
}

/** Reads in several steps that agree with each other, even if commits come in between. */
export interface Held {
  /**
   * Runs the work on one snapshot, on its own connection. If all connections are in use, it yields
   * until one is free. A generator that ends early releases its snapshot.
   */
  read<T>(work: (view: HeldView) => Generator<void, T>): Generator<void, T>
  close(): void
}

/**
 * SQLite cannot reuse the WAL from its beginning while a snapshot is open, and each connection has a
 * cache. A few are enough, because one thread does all the work.
 */
const MAX_CONNECTIONS = 4

interface Connection {
  sqlite: Sqlite
  view: HeldView
}

/** `open` opens another connection to the database. */
export function createHeld(open: () => Sqlite): Held {
  const free: Connection[] = []
  const all: Connection[] = []
  const states = createFoldStates()

  function take(): Connection | undefined {
    const unused = free.pop()
    if (unused !== undefined || all.length === MAX_CONNECTIONS) return unused
    const sqlite = open()
    const connection = { sqlite, view: createHeldView(sqlite, states) }
    all.push(connection)
    return connection
  }

  return {
    *read(work) {
      let connection = take()
      while (connection === undefined) {
        yield
        connection = take()
      }
      const { sqlite, view } = connection
      try {
        sqlite.exec('begin')
        return yield* work(view)
      } finally {
        if (sqlite.inTransaction) sqlite.exec('rollback')
        free.push(connection)
      }
    },
    close() {
      for (const { sqlite } of all) sqlite.close()
    },
  }
}
