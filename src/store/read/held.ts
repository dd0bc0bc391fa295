import { createCoverage } from './coverage.ts'
import type { Coverage } from './coverage.ts'
import type { Sqlite } from '../sqlite.ts'
import { createStreams } from './streams.ts'
import type { Streams } from './streams.ts'

/** What can be read of the database as it was at one moment. */
export interface HeldView {
  streams: Streams
  coverage: Coverage
}

/** Reads in several steps that agree with each other, however many commits come between. */
export interface Held {
  /**
   * Does the work on one snapshot, on a connection of its own; while all are in use it yields
   * until one is free. A generator that is left early lets its snapshot go.
   */
  read<T>(work: (view: HeldView) => Generator<void, T>): Generator<void, T>
  close(): void
}

/**
 * A snapshot keeps the WAL from being used again from its beginning, and each has a cache: a few at
 * a time are enough, for the work on them is done on one thread.
 */
const MOST = 4

interface Connection {
  sqlite: Sqlite
  view: HeldView
}

/** `open` opens another connection for reading. */
export function createHeld(open: () => Sqlite): Held {
  const free: Connection[] = []
  const all: Connection[] = []

  function take(): Connection | undefined {
    const unused = free.pop()
    if (unused !== undefined || all.length === MOST) return unused
    const sqlite = open()
    const connection = {
      sqlite,
      view: { streams: createStreams(sqlite), coverage: createCoverage(sqlite) },
    }
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
