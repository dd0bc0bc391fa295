import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import { claimStore, openStore } from '../../src/store/store.ts'
import { environment, indexed, setUp, simulate } from '../support/daemon.ts'
import { subscribe } from '../support/feed/client.ts'
import type { Message } from '../support/feed/client.ts'
import { launch, launchServer, run, temporaryFolder } from '../support/process.ts'
import { finalStreams, fixture, lastLedger, recordedIds } from '../support/recorded.ts'
import { scannedLedger, loadRecording } from '../support/recordings.ts'

/** Commands as a user runs them, each as a process. */

const recording = await loadRecording('quirks')
const FIRST = recording.header.firstLedger
const LAST = lastLedger(recording)
const EVENTS = recordedIds(recording).length
const STREAMS = finalStreams(recording).size

function rows(path: string, query: string): unknown[] {
  const sqlite = new Database(path, { readonly: true })
  try {
    return sqlite.prepare(query).all()
  } finally {
    sqlite.close()
  }
}

const log = (path: string) => rows(path, 'select id, type, data from events order by id')
const streamRows = (path: string) => rows(path, 'select * from streams order by stream_id')

/** `label  value` lines, by label. */
function table(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => line.split(/ {2,}/) as [string, string]),
  )
}

/** The database of an indexer that has indexed the recording and has been closed. */
async function intactDatabase(): Promise<string> {
  const path = `${await temporaryFolder()}/intact.db`
  const { contractId, network } = recording.header
  const store = openStore({ path, decode: createDecoder() })
  claimStore(store, { networkPassphrase: network.passphrase, contractId })
  for (const ledger of recording.ledgers) store.writer.apply(scannedLedger(recording, ledger))
  store.close()
  return path
}

test('sync catches up, and has nothing to do the second time', async () => {
  const simulator = await simulate(recording)
  const path = `${await temporaryFolder()}/deep/down/indexer.db`
  const env = environment(recording, { rpcUrl: simulator.url, databasePath: path })
  expect(await run(['sync'], env)).toMatchObject({
    code: 0,
    err: '',
    out: expect.stringMatching(new RegExp(`^caught up at ledger ${LAST}: ${EVENTS} new events in`)),
  })
  expect(log(path)).toHaveLength(EVENTS)
  expect(await run(['sync', '--from', String(FIRST)], env)).toMatchObject({
    code: 0,
    err: '',
    out: expect.stringMatching(/: 0 new events in.*\nnothing to fill\n$/),
  })
})

test('sync reads a recording like an RPC', async () => {
  const path = `${await temporaryFolder()}/indexer.db`
  const env = environment(recording, { rpcUrl: `file://${fixture('quirks')}`, databasePath: path })
  expect(await run(['sync'], env)).toMatchObject({ code: 0, err: '' })
  expect(log(path)).toEqual(log(await intactDatabase()))
})

describe('a database file', () => {
  test('status prints its contents while a daemon has it open', async () => {
    const { daemon, env } = await setUp(recording)
    await indexed(daemon.url, LAST)
    const { DATABASE_PATH = '' } = env
    const open = await run(['status'], { DATABASE_PATH })
    expect(open).toMatchObject({ code: 0, err: '' })
    expect(table(open.out)).toMatchObject({
      database: DATABASE_PATH,
      contract: recording.header.contractId,
      network: recording.header.network.passphrase,
      ledger: `${LAST}, closed ${recording.ledgers.at(-1)!.closedAt}`,
      'lag, as last heard': '0 ledgers, 0 s of ledger time',
      'ledgers scanned': `${FIRST}–${LAST}`,
      gaps: 'none',
      events: String(EVENTS),
      unrecognised: '0',
      streams: String(STREAMS),
    })
  })

  test('status --digest prints one hash, equal for databases with the same content', async () => {
    const paths = [await intactDatabase(), await intactDatabase()]
    const digests = await Promise.all(
      paths.map((DATABASE_PATH) => run(['status', '--digest'], { DATABASE_PATH })),
    )
    const [first] = digests
    expect(first).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^digest [0-9a-f]{64}\n$/),
    })
    expect(digests).toEqual([first, first])
  })

  test('P5: rebuild of an intact database changes nothing, and says so', async () => {
    const DATABASE_PATH = await intactDatabase()
    const before = log(DATABASE_PATH)
    const streams = streamRows(DATABASE_PATH)
    const { code, out, err } = await run(['rebuild'], { DATABASE_PATH })
    expect([code, err]).toEqual([0, ''])
    expect(table(out)).toMatchObject({
      'events decoded again': String(EVENTS),
      'events that changed': '0',
      'recognised now, not before': '0',
      'still unrecognised': '0',
      streams: String(STREAMS),
      'streams that changed': '0',
    })
    expect(log(DATABASE_PATH)).toEqual(before)
    expect(streamRows(DATABASE_PATH)).toEqual(streams)
  })

  test('P9: every command explains a damaged file, with an exit code that no supervisor restarts', async () => {
    const DATABASE_PATH = await intactDatabase()
    const file = await open(DATABASE_PATH, 'r+')
    // Only the header is intact.
    await file.write(Buffer.alloc(20 * 8_192, 0xff), 0, 20 * 8_192, 3 * 8_192)
    await file.close()
    const simulator = await simulate(recording)
    const env = environment(recording, { rpcUrl: simulator.url, databasePath: DATABASE_PATH })
    for (const name of ['start', 'sync', 'audit', 'rebuild', 'status', 'serve']) {
      const { code, err } = await run([name], env)
      expect([name, code, err]).toEqual([name, 2, expect.stringMatching(/is damaged.*--fresh/)])
      expect(err).not.toMatch(/^ +at /m)
    }
  })

  test('a file of a newer version is refused by writers and readers', async () => {
    const DATABASE_PATH = await intactDatabase()
    const sqlite = new Database(DATABASE_PATH)
    sqlite.exec("insert into __drizzle_migrations (hash, created_at) values ('x', 9999999999999)")
    sqlite.close()
    const simulator = await simulate(recording)
    const env = environment(recording, { rpcUrl: simulator.url, databasePath: DATABASE_PATH })
    const commands = ['start', 'status']
    for (const { code, out, err } of await Promise.all(commands.map((name) => run([name], env)))) {
      expect([code, out]).toEqual([2, ''])
      expect(err).toMatch(/written by a newer version.*run that version.*DATABASE_PATH/)
    }
  })
})

test('P1: a recording of an RPC gives the same log as the RPC', async () => {
  const simulator = await simulate(recording)
  const folder = await temporaryFolder()
  const out = `${folder}/recorded.jsonl.gz`
  const env = environment(recording, {
    rpcUrl: simulator.url,
    databasePath: `${folder}/replayed.db`,
  })
  const range = ['--from', String(FIRST), '--to', String(LAST)]
  const ended = await run(['record', ...range, '--out', out], env)
  expect(ended).toMatchObject({ code: 0, err: '' })
  expect(ended.out).toContain(`ledgers ${FIRST} to ${LAST}, ${EVENTS} events`)
  expect(await readdir(folder)).toEqual(['recorded.jsonl.gz'])
  const sync = launch(['sync'], { ...env, RPC_URL: `file://${out}` })
  const [said] = await sync.wrote(/caught up|set aside/)
  expect(said).toBe('caught up')
  expect((await sync.ended).code).toBe(0)
  const intact = await intactDatabase()
  const replayed = env['DATABASE_PATH']!
  expect(log(replayed)).toEqual(log(intact))
  expect(streamRows(replayed)).toEqual(streamRows(intact))
})

test('P9: sync gets everything from a simulator that plays a fault script', async () => {
  const folder = await temporaryFolder()
  const faults = `${folder}/faults.json`
  await writeFile(
    faults,
    JSON.stringify([
      { when: { call: 1 }, method: 'getNetwork', fault: { kind: '503' } },
      { when: { call: 1 }, fault: { kind: 'truncated' } },
    ]),
  )
  const args = ['--fixture', fixture('quirks'), '--speed', 'max', '--port', '0', '--faults', faults]
  const simulator = launch(['simulate', ...args])
  const [, url = ''] = await simulator.wrote(/RPC_URL=(\S+) CONTRACT_ID=C.* NETWORK='.*' npm start/)
  const path = `${folder}/indexer.db`
  const sync = await run(['sync'], environment(recording, { rpcUrl: url, databasePath: path }))
  expect(sync.code).toBe(0)
  expect(simulator.out()).toContain('Fault: getNetwork, from call 1, once: HTTP 503')
  expect(simulator.out()).toContain('\ngetNetwork: HTTP 503')
  expect(simulator.out()).toContain('\ngetEvents: the answer breaks off')
  // Each fault was logged, and nothing was lost.
  expect(sync.err.trim().split('\n').length).toBeGreaterThanOrEqual(2)
  expect(log(path)).toHaveLength(EVENTS)
  simulator.kill('SIGINT')
  expect(await simulator.ended).toMatchObject({ code: 0, err: '' })
})

test('SIGINT ends the demo, deletes its data and prints no error', async () => {
  const TMPDIR = `${await temporaryFolder()}/tmp`
  await mkdir(TMPDIR)
  const demo = launch(['demo'], { TMPDIR, PORT: '0' })
  const [, url = ''] = await demo.wrote(/on (http:\S+)\n/)
  await indexed(url, 1)
  const subscription = subscribe(`${url}/events/subscribe?all=true&cursor=earliest`)
  await subscription.next()
  demo.kill('SIGINT')
  const { code, signal, out, err } = await demo.ended
  expect([code, signal, err]).toEqual([0, null, ''])
  expect(out).toMatch(/The demo has ended; its data is gone\.\n$/)
  expect(await readdir(TMPDIR)).toEqual([])
})

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
  ['SIGHUP', 129],
] as const)('sync interrupted by %s exits with %i', async (name, code) => {
  const path = `${await temporaryFolder()}/indexer.db`
  // Nothing listens on that port, so sync waits.
  const sync = launch(
    ['sync'],
    environment(recording, { rpcUrl: 'http://127.0.0.1:9', databasePath: path }),
  )
  await sync.wrote(/unreachable/)
  sync.kill(name)
  expect(await sync.ended).toMatchObject({ code, signal: null })
})

test('a signal that arrives twice at once, as npm sends it, counts once', async () => {
  const demo = launch(['demo'], { PORT: '0' })
  await demo.wrote(/on http:\S+\n/)
  demo.kill('SIGINT')
  demo.kill('SIGINT')
  expect(await demo.ended).toMatchObject({ code: 0, out: expect.stringMatching(/has ended/) })
})

test('a command whose output pipe is closed ends without an error', async () => {
  const demo = launch(['demo'], { PORT: '0' })
  await demo.wrote(/on http:\S+\n/)
  demo.stopReading()
  // Its last line has no reader.
  demo.kill('SIGTERM')
  expect(await demo.ended).toMatchObject({ code: 0, err: '' })
})

test('SIGHUP ends start like SIGTERM', async () => {
  const simulator = await simulate(recording)
  const path = `${await temporaryFolder()}/indexer.db`
  const env = environment(recording, { rpcUrl: simulator.url, databasePath: path })
  const daemon = await launchServer(['start'], env)
  const { url } = daemon
  const frames: Message[] = []
  const subscription = subscribe(`${url}/events/subscribe?all=true`)
  frames.push((await subscription.next()).value as Message)
  daemon.kill('SIGHUP')
  for await (const frame of subscription) frames.push(frame)
  expect(frames.at(-1)).toMatchObject({ event: 'reconnect', data: { reason: 'shutdown' } })
  expect(await daemon.ended).toMatchObject({ code: 0, signal: null, err: '' })
})

test('SIGTERM ends start, and subscribers are told to reconnect', async () => {
  const simulator = await simulate(recording)
  const path = `${await temporaryFolder()}/indexer.db`
  const env = environment(recording, { rpcUrl: simulator.url, databasePath: path })
  const daemon = await launchServer(['start'], { ...env, DRAIN_SECONDS: '' })
  const { url } = daemon
  await indexed(url, LAST)
  const frames: Message[] = []
  const reading = (async () => {
    for await (const frame of subscribe(`${url}/events/subscribe?all=true`)) frames.push(frame)
  })()
  await expect.poll(() => frames.length).toBeGreaterThan(1)
  daemon.kill('SIGTERM')
  const { code, signal, out, err } = await daemon.ended
  expect([code, signal, err]).toEqual([0, null, ''])
  // A cut connection would reject.
  await reading
  expect(frames.at(-1)).toMatchObject({ event: 'reconnect', data: { reason: 'shutdown' } })
  const messages = out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { msg: string }).msg)
  expect(messages.slice(-2)).toEqual(['stopping', 'stopped'])
  expect((await readFile(path)).subarray(0, 15).toString()).toBe('SQLite format 3')
  // A clean close leaves a file that can be read.
  expect(rows(path, 'select count(*) as events from events')).toEqual([{ events: EVENTS }])
})
