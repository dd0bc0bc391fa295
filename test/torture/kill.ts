/**
 * Kills the indexer with SIGKILL again and again while it ingests. The indexer is a separate
 * process; the simulated RPC is in this one and closes ledgers when the indexer asks. Each run
 * ingests a share of the ledgers. How long that takes is measured first, and the kill comes at a
 * random moment of that time. After each kill, a copy of the database must hold exactly what its
 * checkpoint says.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { copyFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { expect, onTestFinished } from 'vitest'
import { completeThrough, ORIGIN } from '../../src/domain/cursor.ts'
import type { Cursor } from '../../src/domain/cursor.ts'
import type { Recording } from '../../src/simulator/recording.ts'
import type { Simulator } from '../../src/simulator/simulator.ts'
import { openStoreForReading } from '../../src/store/store.ts'
import { environment, indexed, setUp, simulate } from '../support/daemon.ts'
import { launch, temporaryFolder } from '../support/process.ts'
import type { Program } from '../support/process.ts'
import { lastLedger } from '../support/recorded.ts'
import { storeAt } from '../support/recordings.ts'

export interface Killing {
  recording: Recording
  kills: number
  seed: number
}

/** A share of the ledgers is there at the start, or closes step by step when the indexer asks. */
const MODES = ['backlog', 'tip'] as const
type Mode = (typeof MODES)[number]

/** At the tip, a share closes over so many calls; the indexer waits after each. */
const TIP_CALLS = 4

export interface Killed {
  /** Kills after which closed ledgers were still missing in the log. */
  early: number
  /** Kills after which the run had committed something. */
  midway: number
}

const TABLES = ['events', 'streams', 'event_counts', 'coverage', 'gaps', 'checkpoint', 'identity']
/** Audits would store lifetimes of entries, and their calls would count as ingestion's. */
export const WITHOUT_AUDITS = { AUDIT_INTERVAL_SECONDS: '0' }

/** Ingests the whole recording under kills and compares every row with an undisturbed run. */
export async function ingestUnderKills({ recording, kills, seed }: Killing): Promise<Killed> {
  const undisturbed = await ingestUndisturbed(recording)
  const simulator = await simulate(recording, { speed: 0 })
  const calls = watchCalls(simulator)
  const folder = await temporaryFolder()
  const database = join(folder, 'killed.db')
  const env = {
    ...environment(recording, { rpcUrl: simulator.url, databasePath: database }),
    ...WITHOUT_AUDITS,
  }
  const last = lastLedger(recording)
  const share = Math.floor((last - recording.header.firstLedger) / (kills + MODES.length + 1))

  /** A share of new ledgers for the indexer to ingest. */
  function serve(mode: Mode): { target: number; asked: Promise<void> } {
    const target = simulator.latestLedger() + share
    if (mode === 'backlog') simulator.closeNext(share)
    const asked = calls.next(() => {
      const left = Math.max(0, target - simulator.latestLedger())
      simulator.closeNext(Math.min(left, Math.ceil(share / TIP_CALLS)))
    })
    return { target, asked }
  }

  /** Starts an indexer; resolves at its first call. */
  async function start(asked: Promise<void>): Promise<Program> {
    const program = launch(['start'], env)
    const ended = program.ended.then(({ err }) => Promise.reject(new Error(`it ended:\n${err}`)))
    await Promise.race([asked, ended])
    ended.catch(() => {})
    return program
  }

  /** Milliseconds from the first call of an indexer until its share is committed. */
  async function measure(): Promise<Record<Mode, number>> {
    const backlog = serve('backlog')
    const program = await start(backlog.asked)
    const began = performance.now()
    const store = openStoreForReading(database)
    const ingested = (target: number) =>
      expect.poll(() => store.coverage.checkpoint()?.ledger, { interval: 1 }).toBe(target)
    await ingested(backlog.target)
    const between = performance.now()
    await ingested(serve('tip').target)
    const ended = performance.now()
    store.close()
    program.kill('SIGKILL')
    await program.ended
    return { backlog: between - began, tip: ended - between }
  }

  const duration = await measure()
  const result: Killed = { early: 0, midway: 0 }
  let before = await inspect(database, undisturbed)
  for (const [index, moment] of drawMoments(kills, seed).entries()) {
    const mode = MODES[index % MODES.length] ?? 'backlog'
    const program = await start(serve(mode).asked)
    // This does not wait for a condition: the moment of the kill is what the test varies.
    const delay = moment * duration[mode]
    await sleep(delay)
    program.kill('SIGKILL')
    expect(await program.ended).toMatchObject({ signal: 'SIGKILL', err: '' })
    const cursor = await inspect(database, undisturbed)
    if (completeThrough(cursor) < simulator.latestLedger()) result.early += 1
    // It has caught up, so ingesting a share takes at most this long.
    else duration[mode] = delay
    if (cursor !== before) result.midway += 1
    before = cursor
  }

  simulator.closeNext(last)
  const program = launch(['start'], { ...env, LOG_LEVEL: 'info' })
  const [, url = ''] = await program.wrote(/"url":"(http:[^"]+)"/)
  await indexed(url, last)
  program.kill('SIGKILL')
  await program.ended
  expect(differences(database, undisturbed)).toEqual({})
  return result
}

/** Evenly spread, without fast-check's bias to the ends of a range. */
function drawMoments(kills: number, seed: number): number[] {
  const shares = fc.noBias(fc.integer({ min: 0, max: 9_999 }))
  return fc.sample(shares, { numRuns: kills, seed }).map((share) => share / 10_000)
}

/** The database file of a daemon that was never killed. */
export async function ingestUndisturbed(recording: Recording): Promise<string> {
  const { daemon, env } = await setUp(recording, { env: WITHOUT_AUDITS })
  await indexed(daemon.url, lastLedger(recording))
  await daemon.close()
  return env['DATABASE_PATH'] ?? ''
}

/** Watches requests as they reach the simulator, before they are answered. */
function watchCalls({ url }: Simulator) {
  const port = Number(new URL(url).port)
  let onCall = () => {}
  const listener = (message: unknown) => {
    const { request } = message as { request: IncomingMessage }
    if (request.socket.localPort === port) onCall()
  }
  subscribe('http.server.request.start', listener)
  onTestFinished(() => void unsubscribe('http.server.request.start', listener))
  return {
    /** Resolves at the next call. `each` is called for that call and every later one. */
    next(each: () => void): Promise<void> {
      return new Promise((resolve) => {
        onCall = () => {
          each()
          resolve()
        }
      })
    },
  }
}

/**
 * Checks what a killed process left: the log equals the undisturbed one up to the checkpoint, and
 * everything else agrees with it. It reads a copy, so that the next process has to recover the file.
 */
async function inspect(database: string, undisturbed: string): Promise<Cursor> {
  const copy = `${database}.copy`
  await copyFile(database, copy)
  await copyFile(`${database}-wal`, `${copy}-wal`)
  const store = storeAt(copy)
  try {
    const { sqlite, coverage } = store
    expect(sqlite.pragma('integrity_check', { simple: true })).toBe('ok')
    const cursor = coverage.checkpoint()?.cursor ?? ORIGIN
    sqlite.prepare('attach database ? as undisturbed').run(undisturbed)
    const prefix = `select id, type, data from undisturbed.events where id <= '${cursor}'`
    expect(difference(sqlite, 'select id, type, data from main.events', prefix)).toEqual([])
    const counted = 'select type, count(*) from main.events group by type'
    expect(difference(sqlite, 'select type, count from main.event_counts', counted)).toEqual([])
    expect(coverage.intervals()).toMatchObject([{ to: completeThrough(cursor) }])
    expect(store.writer.rebuild()).toMatchObject({ rewritten: 0, streamsChanged: 0 })
    return cursor
  } finally {
    store.close()
  }
}

/** The rows that only one of the two database files has, by table. */
export function differences(path: string, other: string): Record<string, unknown[]> {
  const sqlite = new Database(path)
  try {
    sqlite.prepare('attach database ? as other').run(other)
    const found = TABLES.map((table): [string, unknown[]] => [
      table,
      difference(sqlite, `select * from main.${table}`, `select * from other.${table}`),
    ])
    return Object.fromEntries(found.filter(([, rows]) => rows.length > 0))
  } finally {
    sqlite.close()
  }
}

function difference(sqlite: Database.Database, one: string, other: string): unknown[] {
  return sqlite
    .prepare(
      `select 'only here' as found, * from (${one} except ${other})
       union all select 'only there' as found, * from (${other} except ${one})`,
    )
    .all()
}
