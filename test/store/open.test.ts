import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { UsageError } from '../../src/domain/errors.ts'
import type { Sqlite } from '../../src/store/sqlite.ts'
import { claimStore, openStore, openStoreForReading } from '../../src/store/store.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowfi-open-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const EMPTY_PAGE = { events: [], cursor: endOfLedger(5), scannedFrom: 5, closedAt: undefined }
const TESTNET = { networkPassphrase: 'Test Net ; 2015', contractId: 'C1' }

const NAME = 'some/where/flowfi.db'

function open(name = NAME) {
  return openStore({ path: join(folder, name), decode: createDecoder() })
}

/** Changes the file in a way that the store never would. */
function tamper(change: (sqlite: Sqlite) => void): void {
  const sqlite = new Database(join(folder, NAME))
  change(sqlite)
  sqlite.close()
}

function pragma(name: string): unknown {
  const sqlite = new Database(join(folder, NAME), { readonly: true })
  const value = sqlite.pragma(name, { simple: true })
  sqlite.close()
  return value
}

describe('opening a database', () => {
  test('opening a database creates folder and tables, and finds them again', () => {
    open().close()
    const store = open()
    expect(store.coverage.checkpoint()).toBeUndefined()
    expect(pragma('journal_mode')).toBe('wal')
    store.close()
  })

  test.skipIf(process.platform !== 'linux')(
    'opening a database in a place without folders fails at once, with advice',
    () => {
      expect(() => openStore({ path: '/proc/nowhere/deep/x.db', decode: createDecoder() })).toThrow(
        /DATABASE_PATH/,
      )
    },
  )

  test('a database that a newer program has written is refused', () => {
    open().close()
    const later = Date.now() + 1e12
    tamper((sqlite) =>
      sqlite.exec(`insert into __drizzle_migrations (hash, created_at) values ('later', ${later})`),
    )
    expect(() => open()).toThrow(/written by a newer version/)
    expect(() => openStoreForReading(join(folder, NAME))).toThrow(UsageError)
  })

  test('a database without events can be used for another network or contract', () => {
    const store = open()
    claimStore(store, TESTNET)
    claimStore(store, { ...TESTNET, contractId: 'C2' })
    expect(store.coverage.identity()).toBeUndefined()
    store.close()
  })

  test('a file that is not a database is refused, with the variable to set', () => {
    writeFileSync(join(folder, 'flowfi.db'), 'not a database, '.repeat(200))
    expect(() => open('flowfi.db')).toThrow(/not an SQLite database: set DATABASE_PATH/)
  })

  test('P9: a database of another program is refused and not changed', () => {
    const path = join(folder, 'theirs.db')
    new Database(path).exec('create table contacts (name); create table calls (at)').close()
    const before = readFileSync(path)
    const message = /theirs\.db is a database of another program \(its tables: contacts, calls\)/
    expect(() => open('theirs.db')).toThrow(message)
    expect(() => openStoreForReading(path)).toThrow(message)
    expect(readFileSync(path)).toEqual(before)
    const marked = new Database(join(folder, 'marked.db'))
    marked.pragma('application_id = 7')
    marked.close()
    expect(() => open('marked.db')).toThrow(/another program/)
  })

  test('a database of this program from before the application id is accepted and gets the id', () => {
    open().close()
    tamper((sqlite) => sqlite.pragma('application_id = 0'))
    open().close()
    expect(pragma('application_id')).not.toBe(0)
  })

  test('P9: a damaged database is refused, with advice', () => {
    const path = join(folder, 'damaged.db')
    open('damaged.db').close()
    const bytes = readFileSync(path)
    // The page with the names of the tables.
    writeFileSync(path, bytes.fill(0xff, 100, 8_192))
    const message = /damaged\.db is damaged \(SQLITE_CORRUPT.*start --fresh/
    expect(() => open('damaged.db')).toThrow(message)
    expect(() => open('damaged.db')).toThrow(UsageError)
    expect(() => openStoreForReading(path)).toThrow(message)
  })

  test('opening for reading needs an existing database', () => {
    expect(() => openStoreForReading(join(folder, 'none.db'))).toThrow(/there is no database/)
  })

  test('opening a database that was never migrated for reading says how to migrate it', () => {
    new Database(join(folder, 'empty.db')).close()
    expect(() => openStoreForReading(join(folder, 'empty.db'))).toThrow(
      /run "flowfi-indexer start"/,
    )
  })

  test('a database is bound to the network and contract of its first ledgers', () => {
    const store = open()
    store.writer.apply({ ...EMPTY_PAGE, identity: TESTNET })
    claimStore(store, TESTNET)
    expect(() => claimStore(store, { ...TESTNET, contractId: 'C2' })).toThrow(
      /belongs to the contract C1, not to C2: .*CONTRACT_ID/,
    )
    expect(() => claimStore(store, { ...TESTNET, networkPassphrase: 'Pub' })).toThrow(
      /belongs to the network "Test Net ; 2015", not to "Pub": .*NETWORK/,
    )
    store.close()
  })
})
