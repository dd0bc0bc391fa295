import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { createStreams, FeedError } from 'flowfi-client'
import type { FeedState, Stream, Streams, StreamsFilter, StreamsOptions } from 'flowfi-client'
import { describe, expect, onTestFinished, test } from 'vitest'
import { getJson, indexed, setUp, simulate, startIndexer } from '../support/daemon.ts'
import type { Answer } from '../support/daemon.ts'
import { temporaryFolder } from '../support/process.ts'
import { finalClaimables, lastLedger } from '../support/recorded.ts'
import { loadRecording } from '../support/recordings.ts'
import type { RecordingName } from '../support/recordings.ts'
import { startIssuer } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const quirks = await loadRecording('quirks')
const FIRST = quirks.header.firstLedger

function open(options: StreamsOptions): Streams {
  const streams = createStreams(options)
  onTestFinished(streams.close)
  return streams
}

/** What `/streams` answers now, all pages of all its lists. */
async function listed(url: string, { all, streams, users = [] }: StreamsFilter) {
  const queries = [
    ...(all === true ? [''] : []),
    ...(streams?.length ? [`&streams=${streams.join(',')}`] : []),
    ...users.map((user) => `&user=${user}`),
  ]
  const found = new Map<string, Stream>()
  let closedAt = 0
  for (const query of queries) {
    let cursor = ''
    do {
      const page = await getJson<Answer<Stream[]>>(`${url}/streams?limit=200${query}${cursor}`)
      for (const stream of page.data) found.set(stream.streamId, stream)
      closedAt = Date.parse(page.asOf.ledgerClosedAt!) / 1_000
      cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`
    } while (cursor !== '')
  }
  const data = [...found.values()].sort((a, b) => Number(BigInt(a.streamId) - BigInt(b.streamId)))
  return { data, closedAt }
}

/** Waits until they are the streams of `/streams`, field by field. */
async function expectListed(streams: Streams, { url, ...filter }: StreamsOptions): Promise<void> {
  const { data, closedAt } = await listed(url, filter)
  expect(data.length).toBeGreaterThan(0)
  const newest = data
    .map(({ lastEventId }) => lastEventId ?? '')
    .sort()
    .at(-1)!
  await until(() => (streams.cursor ?? '') >= newest)
  // Ledgers without events tell no time, so the amounts are asked for at the list's time.
  const now = () =>
    streams.all().map((stream) => ({
      ...stream,
      claimableAmount: streams.claimable(stream.streamId, closedAt),
      // Only the audit knows it, and it changes without an event.
      liveUntilLedger: null,
    }))
  await expect.poll(now).toEqual(data.map((stream) => ({ ...stream, liveUntilLedger: null })))
}

/** Filters of every kind, from what the recording has. */
async function filtersOf(name: RecordingName): Promise<StreamsFilter[]> {
  const { ledgers } = await loadRecording(name)
  const records = ledgers.flatMap(({ streams = [] }) => streams)
  const text = (field: string, at: number) => String(records[at]![field])
  const users = [text('sender', 0), text('recipient', 3), text('sender', records.length - 1)]
  const ids = [...new Set(records.map(({ streamId }) => String(streamId)))]
  return [
    { all: true },
    { streams: [ids[0]!, ids.at(-1)!, ids[Math.floor(ids.length / 2)]!] },
    { users: [users[0]!] },
    { users: [...new Set(users)], streams: [ids[1]!, ids.at(-2)!] },
  ]
}

const portOf = (url: string) => new URL(url).port

describe('the streams of a filter', () => {
  test('P5: they are those of /streams from the snapshot on, through a repair, a restart and another node’s shorter log', async () => {
    const start = { simulator: { speed: 0, closed: 100 }, env: { AUDIT_INTERVAL_SECONDS: '0' } }
    const { daemon, simulator, env } = await setUp(quirks, start)
    const { url } = daemon
    await indexed(url, FIRST + 99)
    const filters = await filtersOf('quirks')
    // As after an event that could not be decoded.
    const sqlite = new Database(env['DATABASE_PATH'])
    sqlite.prepare(`update streams set withdrawn_amount = '1'`).run()
    sqlite.close()
    const states: FeedState[] = []
    const onState = (state: FeedState) => states.push(state)
    const opened = filters.map((filter) => ({ ...filter, url, onState }))
    const books = opened.map((options) => ({ options, streams: open(options) }))
    const allEqual = async () => {
      for (const { options, streams } of books) await expectListed(streams, options)
    }

    await Promise.all(books.map(({ streams }) => streams.ready))
    await allEqual()
    simulator.closeNext(20)
    await indexed(url, FIRST + 119)
    await allEqual()

    await daemon.close()
    await until(() => books.every(({ streams }) => streams.state === 'reconnecting'))
    simulator.closeNext(5)
    const here = { ...env, PORT: portOf(url) }
    const repairing = await startIndexer({ ...here, AUDIT_INTERVAL_SECONDS: '600' })
    await expect
      .poll(() => getJson<{ repairedTotal: number }>(`${url}/audit`))
      .toMatchObject({
        repairedTotal: expect.toSatisfy((repaired) => Number(repaired) > 0) as number,
      })
    for (const { streams } of books) streams.reconnectNow()
    await allEqual()
    await until(() => books.every(({ streams }) => streams.state === 'live'))

    await repairing.close()
    const shorter = await simulate(quirks, { speed: 0, closed: 60 })
    const databasePath = join(await temporaryFolder(), 'shorter.db')
    await startIndexer({ ...here, DATABASE_PATH: databasePath, RPC_URL: shorter.url })
    await indexed(url, FIRST + 59)
    for (const { streams } of books) streams.reconnectNow()
    await allEqual()
    shorter.closeNext(1_000)
    await indexed(url, lastLedger(quirks))
    await allEqual()
    expect(new Set(states)).toEqual(new Set(['catching_up', 'live', 'reconnecting']))
    for (const { streams } of books) {
      const told = new Promise<void>((resolve) => streams.subscribe(resolve))
      streams.close()
      await told
      expect(streams.state).toBe('closed')
    }
  })

  test('P6: pages that are read while streams change lose and double nothing', async () => {
    const busy = await loadRecording('busy')
    const { daemon, simulator } = await setUp(busy, { simulator: { speed: 0, closed: 40 } })
    const { url } = daemon
    await indexed(url, busy.header.firstLedger + 39)
    const options = { url, all: true } as const
    const streams = open(options)
    let told = 0
    streams.subscribe(() => (told += 1))
    let isLoaded = false
    void streams.ready.then(() => (isLoaded = true))
    for (let ledgers = 0; ledgers < 20 || !isLoaded; ledgers += 1) {
      simulator.closeNext(1)
      await indexed(url, simulator.latestLedger())
    }
    await indexed(url, simulator.latestLedger())
    await expectListed(streams, options)
    // Not once for each event.
    expect(told).toBeLessThan(streams.all().length)
  })
})

test('P5: claimable amounts are those that the contract answered', async () => {
  const { daemon } = await setUp(quirks)
  await indexed(daemon.url, lastLedger(quirks))
  const streams = open({ url: daemon.url, all: true })
  await streams.ready
  const answers = finalClaimables(quirks)
  expect(answers.length).toBeGreaterThan(100)
  const ours = answers.map(({ streamId, at }) => streams.claimable(streamId, at))
  expect(ours).toEqual(answers.map(({ claimableAmount }) => claimableAmount))
  expect(streams.claimable('18446744073709551615')).toBeUndefined()
  expect(streams.get('18446744073709551615')).toBeUndefined()
})

describe('what goes wrong', () => {
  test('a daemon that is not there yet: the state says why, and when it is asked again', async () => {
    const { daemon, env } = await setUp(quirks)
    const { url } = daemon
    await daemon.close()
    const errors: string[] = []
    const onError = ({ reason }: FeedError) => errors.push(reason)
    const streams = open({ url, all: true, onError })
    expect(streams.state).toBe('connecting')
    await until(() => streams.state === 'reconnecting')
    expect(streams.reason).toBe('unreachable')
    expect(streams.nextAttemptAt).toBeGreaterThan(Date.now())
    expect(streams.error).toBeInstanceOf(FeedError)
    expect(errors).toEqual(['unreachable'])
    await startIndexer({ ...env, PORT: portOf(url) })
    streams.reconnectNow()
    await streams.ready
    await until(() => streams.state === 'live')
    expect(streams.error).toBeUndefined()
  })

  test('a refusal ends it, and nothing is asked again until the application says so', async () => {
    const { daemon } = await setUp(quirks)
    const streams = open({ url: daemon.url, users: ['nobody'] })
    await expect(streams.ready).rejects.toMatchObject({
      name: 'FeedError',
      reason: 'refused',
      status: 400,
    })
    expect(streams.state).toBe('failed')
    expect(streams.error!.message).toContain('an address is an account')
    streams.reconnectNow()
    expect(streams.state).toBe('connecting')
    await until(() => streams.state === 'failed')
  })

  test('a token function is asked again after a 401, and a second 401 in a row ends it', async () => {
    const issuer = await startIssuer()
    onTestFinished(issuer.close)
    const { daemon } = await setUp(quirks, { env: issuer.env })
    const { url } = daemon
    await indexed(url, lastLedger(quirks))
    const user = String(quirks.ledgers.find(({ streams }) => streams)!.streams![0]!['sender'])
    const good = await issuer.tokenOf(user)
    const tokens = ['expired', good]
    const streams = open({ url, all: true, token: () => tokens.shift() ?? good })
    await streams.ready
    await until(() => streams.state === 'live')
    expect(streams.all().length).toBeGreaterThan(0)
    for (const { sender, recipient } of streams.all()) expect([sender, recipient]).toContain(user)

    let asked = 0
    const refused = open({ url, all: true, token: () => `bad ${(asked += 1)}` })
    await expect(refused.ready).rejects.toMatchObject({ reason: 'unauthorized', status: 401 })
    expect([refused.state, asked]).toEqual(['failed', 2])
  })
})

test('after close() nothing is left, and an aborted signal closes', async () => {
  const { daemon } = await setUp(quirks)
  const closing = new AbortController()
  const streams = open({ url: daemon.url, all: true, signal: closing.signal })
  await streams.ready
  closing.abort()
  expect(streams.state).toBe('closed')
  const never = open({ url: daemon.url, all: true, signal: closing.signal })
  expect(never.state).toBe('closed')
  await expect(never.ready).rejects.toThrow('closed before')
  const script = `
    import { createStreams, FeedError } from '${new URL('../../client/src/client.ts', import.meta.url).href}'
    const streams = createStreams({ url: '${daemon.url}', all: true })
    await streams.ready
    streams.close()
    createStreams({ url: 'http://127.0.0.1:1', all: true }).close()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' })
  onTestFinished(() => void child.kill('SIGKILL'))
  expect(await once(child, 'exit')).toEqual([0, null])
})
