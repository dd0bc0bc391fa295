import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { RequestListener, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import { followCommits } from '../../src/daemon/follow.ts'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { copyDatabase } from '../../src/snapshot/copy.ts'
import type { Copy } from '../../src/snapshot/copy.ts'
import { createSeeding } from '../../src/snapshot/seed.ts'
import { openStore, openStoreForReading } from '../../src/store/store.ts'
import type { ReplaceableStore } from '../../src/store/store.ts'
import { loadRecording, scannedLedger } from '../support/recordings.ts'
import { ADMIN_TOKEN } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const recording = await loadRecording('quirks')
const { contractId, network } = recording.header
const IDENTITY = { contractId, networkPassphrase: network.passphrase }
const pages = recording.ledgers.map((ledger) => ({
  ...scannedLedger(recording, ledger),
  identity: IDENTITY,
}))
const NEVER = new AbortController().signal

let folder: string
/** A copy of a node that has everything. */
let copied: string
let copy: Copy
let digest: string
let made = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowfi-seed-'))
  const whole = nodeWith(pages.length)
  copied = join(folder, 'copy.db')
  copy = (await copyDatabase(whole.path, copied))!
  digest = whole.digest()
  whole.close()
})
afterAll(() => rm(folder, { recursive: true }))

/** A node that has so many of the recording's ledgers, in a folder of its own. */
function nodeWith(ledgers: number): ReplaceableStore {
  const path = join(folder, `node-${(made += 1)}`, 'indexer.db')
  const store = openStore({ path, decode: createDecoder() })
  for (const page of pages.slice(0, ledgers)) store.writer.apply(page)
  return store
}

function open(ledgers: number): ReplaceableStore {
  const store = nodeWith(ledgers)
  onTestFinished(store.close)
  return store
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin/snapshot`
}

interface Sent {
  bytes?: Buffer
  headers?: Record<string, string>
  end?(response: ServerResponse, bytes: Buffer): void
}

/** A node that answers with these bytes and headers. */
function peer({ bytes = readFileSync(copied), headers, end }: Sent = {}): Promise<string> {
  return serve((request, response) => {
    const isAllowed = request.headers.authorization === `Bearer ${ADMIN_TOKEN}`
    response.writeHead(isAllowed ? 200 : 401, {
      'content-length': bytes.length,
      'x-flowfi-cursor': copy.cursor,
      'repr-digest': digestOf(bytes),
      ...headers,
    })
    if (end === undefined) response.end(bytes)
    else end(response, bytes)
  })
}

function digestOf(bytes: Buffer): string {
  return `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`
}

/** Seeds without a pause between two attempts. */
function seedingOf(store: ReplaceableStore, token = ADMIN_TOKEN) {
  const warnings: string[] = []
  const logger = {
    info() {},
    warn: ({ reason }: { reason: string }) => void warnings.push(reason),
  } as never
  let at = 0
  const now = () => (at += 3_600_000)
  return { ...createSeeding({ store, identity: IDENTITY, token, logger, now }), warnings }
}

/** What is beside the database, except for SQLite's own files. */
function left({ path }: ReplaceableStore): string[] {
  const own = ['indexer.db', 'indexer.db-wal', 'indexer.db-shm', 'indexer.db.lock']
  return readdirSync(dirname(path)).filter((name) => !own.includes(name))
}

/** The copy after a change by SQL. */
function changed(sql: string): Buffer {
  const sqlite = new Database(readFileSync(copied))
  sqlite.exec(sql)
  const bytes = sqlite.serialize()
  sqlite.close()
  return bytes
}

describe('a node without a log', () => {
  test('goes on from the snapshot of another node, and writes on', async () => {
    const store = open(0)
    const seeding = seedingOf(store)
    expect(await seeding.from([await peer()], NEVER)).toBe(copy.cursor)
    expect(store.digest()).toBe(digest)
    expect(store.coverage.checkpoint()?.cursor).toBe(copy.cursor)
    const next = recording.ledgers.at(-1)!.sequence + 1
    const cursor = endOfLedger(next)
    const tip = { ledger: next, closedAt: pages.at(-1)!.tip!.closedAt }
    store.writer.apply({ events: [], cursor, scannedFrom: next, closedAt: undefined, tip })
    expect(store.coverage.checkpoint()?.cursor).toBe(cursor)
    expect(left(store)).toEqual([])
    expect(() => openStore({ path: store.path, decode: createDecoder() })).toThrow(
      /another process/,
    )
  })

  test('asks the next one if a node gives nothing, and tells each reason once', async () => {
    const store = open(0)
    const seeding = seedingOf(store)
    const busy = await serve((_, response) => response.writeHead(503).end('busy'))
    expect(await seeding.from([busy], NEVER)).toBeUndefined()
    expect(await seeding.from([busy], NEVER)).toBeUndefined()
    expect(seeding.warnings).toEqual(['the answer was 503: busy'])
    expect(await seeding.from([busy, await peer()], NEVER)).toBe(copy.cursor)
  })

  test('waits longer and longer before it asks again', async () => {
    const store = open(0)
    let asked = 0
    const url = await serve((_, response) => {
      asked += 1
      response.writeHead(503).end()
    })
    let at = 0
    const logger = pino({ level: 'silent' })
    const deps = { store, identity: IDENTITY, token: ADMIN_TOKEN, logger, random: () => 1 }
    const seeding = createSeeding({ ...deps, now: () => at })
    for (at of [0, 400, 500, 1_400, 1_500]) await seeding.from([url], NEVER)
    expect(asked).toBe(3)
  })

  const bytes = () => readFileSync(copied)
  const CASES: Record<string, [Sent: () => Sent, reason: RegExp]> = {
    'is cut': [
      () => ({
        end: (response, all) => response.write(all.subarray(0, 9_000), () => response.destroy()),
      }),
      /terminated/,
    ],
    'is shorter than its sender says': [
      () => ({ headers: { 'repr-digest': digestOf(bytes()) }, bytes: bytes().subarray(0, 16_384) }),
      /digest differs/,
    ],
    'was altered on its way': [
      () => {
        const altered = bytes()
        altered[50_000]! ^= 1
        return { bytes: altered, headers: { 'repr-digest': digestOf(bytes()) } }
      },
      /digest differs/,
    ],
    'has no digest': [() => ({ headers: { 'repr-digest': '' } }), /Repr-Digest/],
    'has no position': [() => ({ headers: { 'x-flowfi-cursor': 'latest' } }), /X-Flowfi-Cursor/],
    'has another position than its sender says': [
      () => ({ headers: { 'x-flowfi-cursor': endOfLedger(1) } }),
      /it ends at .*, not at/,
    ],
    'is damaged inside': [
      () => {
        const damaged = bytes()
        damaged.fill(7, 8_192 * 3, 8_192 * 6)
        return { bytes: damaged }
      },
      /damaged|malformed/,
    ],
    'is no database': [() => ({ bytes: Buffer.alloc(50_000, 'html') }), /not a database/],
    'is of another program': [
      () => ({ bytes: changed('pragma application_id = 7') }),
      /another program/,
    ],
    'is of another contract': [
      () => ({ bytes: changed(`update identity set contract_id = 'COTHER'`) }),
      /the contract COTHER/,
    ],
    'is of another network': [
      () => ({ bytes: changed(`update identity set network_passphrase = 'other'`) }),
      /the network "other"/,
    ],
    'is of a newer version': [
      () => ({ bytes: changed(`update __drizzle_migrations set created_at = created_at * 2`) }),
      /newer version/,
    ],
  }

  describe('refuses a snapshot that', () => {
    let store: ReplaceableStore
    beforeAll(() => {
      store = nodeWith(0)
    })
    afterAll(() => store.close())

    test.each(Object.entries(CASES))('%s', async (_, [sent, reason]) => {
      const seeding = seedingOf(store)
      expect(await seeding.from([await peer(sent())], NEVER)).toBeUndefined()
      expect(seeding.warnings).toEqual([expect.stringMatching(reason)])
      expect([left(store), store.coverage.checkpoint()]).toEqual([[], undefined])
    })

    test('it cannot use, and takes a whole one afterwards', async () => {
      expect(await seedingOf(store).from([await peer()], NEVER)).toBe(copy.cursor)
      expect(store.digest()).toBe(digest)
    })
  })

  test('does not give its token to where it is redirected', async () => {
    const store = open(0)
    const asked: (string | undefined)[] = []
    const other = await serve((request, response) => {
      asked.push(request.headers.authorization)
      response.end()
    })
    const url = await serve((_, response) => response.writeHead(307, { location: other }).end())
    const seeding = seedingOf(store)
    expect(await seeding.from([url], NEVER)).toBeUndefined()
    expect([asked, seeding.warnings]).toEqual([[], [expect.stringMatching(/redirect/)]])
  })

  test('stops when it is told to, and leaves nothing', async () => {
    const store = open(0)
    const leaving = new AbortController()
    const url = await peer({
      end: (response, all) => response.write(all.subarray(0, 9_000), () => leaving.abort()),
    })
    const seeding = seedingOf(store)
    await expect(seeding.from([url], leaving.signal)).rejects.toThrow(/abort/)
    expect([left(store), seeding.warnings]).toEqual([[], []])
  })
})

describe('a node that has missed something', () => {
  test('never goes back to a position before its own', async () => {
    const store = open(0)
    for (const page of pages) store.writer.apply(page)
    const next = recording.ledgers.at(-1)!.sequence + 5
    const tip = { ledger: next, closedAt: pages.at(-1)!.tip!.closedAt }
    const scannedFrom = next - 4
    store.writer.apply({
      events: [],
      cursor: endOfLedger(next),
      scannedFrom,
      closedAt: undefined,
      tip,
    })
    const seeding = seedingOf(store)
    expect(await seeding.from([await peer()], NEVER)).toBeUndefined()
    expect(seeding.warnings).toEqual([expect.stringMatching(/before what this node has/)])
    expect(store.coverage.checkpoint()?.cursor).toBe(endOfLedger(next))
  })

  test('P6: readers go on with the new file, with what they hold of the store', async () => {
    const store = open(20)
    const reading = openStoreForReading(store.path)
    const { log, coverage } = reading
    const stopping = new AbortController()
    onTestFinished(() => {
      stopping.abort()
      reading.close()
    })
    let [commits, repairs] = [0, 0]
    const onCommit = () => void (commits += 1)
    const onRepaired = () => void (repairs += 1)
    const logger = pino({ level: 'silent' })
    const options = { store: reading, reopens: true, logger, onCommit, onRepaired }
    followCommits(options, stopping.signal)
    const counted = () => [...log.counts().values()].reduce((sum, count) => sum + count, 0)
    const before = counted()
    expect(await seedingOf(store).from([await peer()], NEVER)).toBe(copy.cursor)
    await until(() => commits > 0)
    expect(coverage.checkpoint()?.cursor).toBe(copy.cursor)
    expect(counted()).toBeGreaterThan(before)
    expect([reading.digest(), reading.isReplaced(), repairs]).toEqual([digest, false, 0])
  })
})
