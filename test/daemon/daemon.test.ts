import { writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { UsageError } from '../../src/domain/errors.ts'
import type { StreamJson } from '../../src/http/json.ts'
import { environment, getJson, indexed, setUp, simulate, startIndexer } from '../support/daemon.ts'
import type { Answer } from '../support/daemon.ts'
import { subscribe } from '../support/feed/client.ts'
import type { Message } from '../support/feed/client.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { temporaryFolder } from '../support/process.ts'
import {
  finalClaimables,
  finalStreams,
  lastLedger,
  recordedIds,
  restRecord,
} from '../support/recorded.ts'
import { loadRecording, seconds } from '../support/recordings.ts'

const firstSteps = await loadRecording('first-steps')
const quirks = await loadRecording('quirks')
const FIRST = firstSteps.header.firstLedger
const LAST = lastLedger(firstSteps)

interface EventJson {
  id: string
  type: string
  streamId?: string
}

/** A whole list, read page by page. */
async function pages<T>(url: string, limit: number): Promise<Answer<T[]>> {
  const first = await getJson<Answer<T[]>>(`${url}?limit=${limit}`)
  const data = [...first.data]
  const parameter = url.endsWith('/events') ? 'after' : 'cursor'
  for (let next = first.nextCursor; next;) {
    const page = await getJson<Answer<T[]>>(`${url}?limit=${limit}&${parameter}=${next}`)
    data.push(...page.data)
    next = page.nextCursor
  }
  return { ...first, data }
}

describe.each(['first-steps', 'quirks', 'lively'] as const)('a daemon that follows %s', (name) => {
  test('P5: events, streams and claimable amounts equal the chain’s', async () => {
    const recording = await loadRecording(name)
    // An audit would change `liveUntilLedger` between two answers.
    const { daemon } = await setUp(recording, { env: { AUDIT_INTERVAL_SECONDS: '0' } })
    const { url } = daemon
    const last = recording.ledgers.at(-1)!
    await indexed(url, last.sequence)

    const events = await pages<EventJson>(`${url}/events`, 300)
    expect(events.data.map(({ id }) => id)).toEqual(recordedIds(recording))
    expect(events.asOf).toMatchObject({ ledger: last.sequence, ledgerClosedAt: last.closedAt })

    const streams = await pages<StreamJson>(`${url}/streams`, 50)
    const records = finalStreams(recording)
    expect(streams.data).toHaveLength(records.size)
    for (const stream of streams.data) {
      expect(stream).toMatchObject(restRecord(records.get(stream.streamId)!))
      const alone = await getJson<Answer<StreamJson>>(`${url}/streams/${stream.streamId}`)
      expect(alone.data).toEqual(stream)
    }

    const claimables = finalClaimables(recording)
    expect(claimables.length).toBeGreaterThan(2)
    for (const { streamId, at, claimableAmount } of claimables) {
      const answer = await getJson(`${url}/streams/${streamId}/claimable?at=${at}`)
      expect(answer).toMatchObject({ data: { streamId, at, claimableAmount } })
    }
  })
})

test('P5: streams equal the chain’s at every ledger whose state was recorded', async () => {
  const { daemon, simulator } = await setUp(firstSteps, { simulator: { speed: 0 } })
  for (const { sequence, closedAt, streams = [], claimable = [] } of firstSteps.ledgers) {
    if (streams.length + claimable.length === 0) continue
    simulator.closeNext(sequence - simulator.latestLedger())
    await indexed(daemon.url, sequence)
    for (const record of streams) {
      const path = `/streams/${String(record['streamId'])}`
      const { data, asOf } = await getJson<Answer<StreamJson>>(daemon.url + path)
      expect(data).toMatchObject(restRecord(record))
      expect(asOf).toMatchObject({ ledger: sequence, ledgerClosedAt: closedAt })
    }
    for (const [streamId, amount] of claimable) {
      const { data } = await getJson<Answer<StreamJson>>(`${daemon.url}/streams/${streamId}`)
      expect(data.claimableAmount).toBe(amount)
      const now = await getJson(`${daemon.url}/streams/${streamId}/claimable`)
      expect(now).toMatchObject({ data: { at: seconds(closedAt), claimableAmount: amount } })
    }
  }
})

describe('a wrong configuration', () => {
  test('an RPC of another network is refused, and the error says what to set', async () => {
    const { daemon } = await setUp(firstSteps, { env: { NETWORK: 'mainnet' } })
    await expect(daemon.ended).rejects.toThrow(UsageError)
    await expect(daemon.ended).rejects.toThrow(
      /"Public Global.* serves the network "Test SDF.*": set RPC_URL, NETWORK/,
    )
  })

  test('a database of another contract or network is refused, and the error says what to set', async () => {
    const { daemon, env } = await setUp(firstSteps)
    await indexed(daemon.url, LAST)
    await daemon.close()
    const contract = startIndexer({ ...env, CONTRACT_ID: quirks.header.contractId })
    await expect(contract).rejects.toThrow(UsageError)
    await expect(contract).rejects.toThrow(
      new RegExp(`${firstSteps.header.contractId}.*DATABASE_PATH.*CONTRACT_ID`),
    )
    const network = startIndexer({ ...env, NETWORK: 'mainnet' })
    await expect(network).rejects.toThrow(/"Test SDF Network.*DATABASE_PATH.*NETWORK/)
  })

  test('a taken port is refused, and the error says what to set', async () => {
    const { daemon, env } = await setUp(firstSteps)
    const { port } = new URL(daemon.url)
    const elsewhere = `${env['DATABASE_PATH']}.other`
    const second = startIndexer({ ...env, PORT: port, DATABASE_PATH: elsewhere })
    await expect(second).rejects.toThrow(UsageError)
    await expect(second).rejects.toThrow(
      new RegExp(`port ${port} on 127.0.0.1 is taken by another program.*PORT=`),
    )
  })

  test('an address of another machine and a file that is not a database are refused', async () => {
    const { daemon, env } = await setUp(firstSteps)
    await daemon.close()
    const { DATABASE_PATH = '' } = env
    // From the block that is reserved for documentation.
    await expect(startIndexer({ ...env, HOST: '192.0.2.1' })).rejects.toThrow(
      /cannot listen on 192\.0\.2\.1.*HOST and PORT/,
    )
    const text = `${DATABASE_PATH}.txt`
    await writeFile(text, 'not a database, and long enough to be taken for one'.repeat(100))
    const mistakes: [path: string, message: RegExp][] = [
      [text, /not an SQLite database: set DATABASE_PATH/],
      [`${text}/indexer.db`, /cannot open the database .*DATABASE_PATH to a file in a writable/],
      [dirname(text), /cannot open the database/],
    ]
    for (const [path, message] of mistakes) {
      const started = startIndexer({ ...env, DATABASE_PATH: path })
      await expect(started).rejects.toThrow(UsageError)
      await expect(started).rejects.toThrow(message)
    }
  })
})

test('P3: a restart continues from the checkpoint', async () => {
  const simulator = await simulate(firstSteps, { speed: 0, closed: 8 })
  const path = `${await temporaryFolder()}/indexer.db`
  const env = environment(firstSteps, { rpcUrl: simulator.url, databasePath: path })
  const first = await startIndexer(env)
  await indexed(first.url, FIRST + 7)
  await first.close()
  // A daemon that began again would find this ledger to be the oldest.
  simulator.closeNext(LAST)
  simulator.forgetBefore(FIRST + 8)
  const second = await startIndexer(env)
  await indexed(second.url, LAST)
  expect(await getJson(`${second.url}/status`)).toMatchObject({
    coverage: [[FIRST, LAST]],
    gaps: [],
    counts: { events: recordedIds(firstSteps).length },
  })
})

describe('closing', () => {
  test('closing ends subscriptions cleanly, and nothing listens afterwards', async () => {
    // The default drain time.
    const { daemon } = await setUp(firstSteps, { env: { DRAIN_SECONDS: '' } })
    await indexed(daemon.url, LAST)
    const frames: Message[] = []
    const url = `${daemon.url}/events/subscribe?all=true&cursor=earliest`
    const reading = (async () => {
      for await (const frame of subscribe(url)) frames.push(frame)
    })()
    await expect.poll(() => frames.some(({ event }) => event === 'caught_up')).toBe(true)
    await daemon.close()
    await reading
    expect(frames.at(-1)).toMatchObject({
      event: 'reconnect',
      id: undefined,
      data: { reason: 'shutdown' },
    })
    await daemon.ended
    await expect(fetch(daemon.url)).rejects.toThrow('fetch failed')
  })

  const LIMIT = { timeout: 2 * PATIENCE_MS }
  test(
    'closing does not wait for an RPC that does not answer or a client that does not read',
    LIMIT,
    async () => {
      const silent = [
        { when: { every: 1 }, method: '*' as const, fault: { kind: 'timeout' as const } },
      ]
      // Longer than the test's limit, so that waiting for the RPC fails it.
      const { daemon } = await setUp(firstSteps, {
        simulator: { faults: silent },
        env: { RPC_TIMEOUT_SECONDS: '300' },
      })
      await fetch(`${daemon.url}/events/subscribe?all=true`)
      await daemon.close()
    },
  )
})

describe('a running daemon', () => {
  test('a daemon is alive before, and ready after, it has indexed everything', async () => {
    const { daemon, simulator } = await setUp(firstSteps, { simulator: { speed: 0, closed: 0 } })
    expect(await getJson(`${daemon.url}/health`)).toEqual({ status: 'ok' })
    const unready = await fetch(`${daemon.url}/ready`)
    expect(unready.status).toBe(503)
    expect(await unready.json()).toEqual({
      ready: false,
      reasons: ['no ledger has been indexed yet', 'no RPC has answered since the start'],
      lagLedgers: null,
      checkpoint: null,
      runway: null,
    })
    expect(await getJson(`${daemon.url}/streams`)).toEqual({
      data: [],
      nextCursor: null,
      asOf: null,
    })
    simulator.closeNext(LAST)
    await indexed(daemon.url, LAST)
    const { checkpoint } = await getJson<{ checkpoint: { cursor: string } }>(`${daemon.url}/status`)
    expect(await getJson(`${daemon.url}/ready?max_lag=0`)).toEqual({
      ready: true,
      reasons: [],
      lagLedgers: 0,
      checkpoint: checkpoint.cursor,
      runway: { ledgers: LAST - FIRST, hours: expect.any(Number) },
    })
  })

  test('/ready is 503 when the tip stands still', async () => {
    const { daemon } = await setUp(firstSteps, { env: { TIP_STALL_SECONDS: '1' } })
    await indexed(daemon.url, LAST)
    await expect.poll(async () => (await fetch(`${daemon.url}/ready`)).status).toBe(503)
    const { reasons } = (await (await fetch(`${daemon.url}/ready`)).json()) as { reasons: string[] }
    expect(reasons).toEqual(['the tip has not moved for 1 s'])
  })

  test('/status shows position, contents and RPCs', async () => {
    const { daemon, simulator } = await setUp(firstSteps)
    await indexed(daemon.url, LAST)
    const { closedAt } = firstSteps.ledgers.at(-1)!
    expect(await getJson(`${daemon.url}/status`)).toEqual({
      version: '0.0.0',
      uptimeSeconds: expect.any(Number),
      contractId: firstSteps.header.contractId,
      network: firstSteps.header.network.passphrase,
      checkpoint: { cursor: expect.any(String), ledger: LAST, ledgerClosedAt: closedAt },
      tip: { ledger: LAST, ledgerClosedAt: closedAt },
      lagLedgers: 0,
      lagSeconds: 0,
      runway: { ledgers: LAST - FIRST, hours: expect.any(Number) },
      coverage: [[FIRST, LAST]],
      gaps: [],
      counts: {
        events: recordedIds(firstSteps).length,
        streams: finalStreams(firstSteps).size,
        unrecognised: 0,
      },
      alarm: null,
      endpoints: [
        expect.objectContaining({
          url: `${simulator.url}/`,
          state: 'ok',
          latestLedger: LAST,
          oldestLedger: FIRST,
          lastError: null,
        }),
      ],
    })
    expect(await getJson(`${daemon.url}/events/stats`)).toMatchObject({
      activeConnections: 0,
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
    })
  })

  const ROUTES = [
    '/streams',
    '/streams/1',
    '/streams/1/events',
    '/streams/1/claimable?at=1800000000',
    '/events',
    '/events/stats',
    '/events/subscribe?all=true',
    '/audit',
    '/health',
    '/ready',
    '/status',
    '/metrics',
    `/users/${String(finalStreams(firstSteps).get('1')!['sender'])}/summary`,
  ]

  test('every route answers HEAD like GET without a body, and any origin', async () => {
    const { daemon } = await setUp(firstSteps)
    await indexed(daemon.url, LAST)
    for (const route of ROUTES) {
      const leaving = new AbortController()
      const get = await fetch(daemon.url + route, { signal: leaving.signal })
      const head = await fetch(daemon.url + route, { method: 'HEAD' })
      expect([route, head.status]).toEqual([route, 200])
      expect(await head.text()).toBe('')
      for (const name of ['content-type', 'access-control-allow-origin', 'cache-control']) {
        expect([route, name, head.headers.get(name)]).toEqual([route, name, get.headers.get(name)])
      }
      expect(get.headers.get('access-control-allow-origin')).toBe('*')
      leaving.abort()
    }
  })

  test('404 and 405 are problems that say what to do', async () => {
    const { daemon } = await setUp(firstSteps)
    await indexed(daemon.url, LAST)
    const problem = async (path: string, method = 'GET') => {
      const response = await fetch(daemon.url + path, { method })
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      expect(response.headers.get('access-control-allow-origin')).toBe('*')
      const body = (await response.json()) as Record<string, unknown>
      expect(body).toMatchObject({ type: 'about:blank', status: response.status })
      return { ...body, allow: response.headers.get('allow') }
    }
    for (const path of ['/nothing', '/streams/', '/streams/1/nothing', '/users', '/event', '//']) {
      expect(await problem(path)).toMatchObject({ status: 404 })
    }
    for (const path of ['/streams/999', '/streams/999/events', '/streams/999/claimable']) {
      expect(await problem(path)).toMatchObject({
        status: 404,
        detail: expect.stringMatching(/no stream 999 .*\/streams/),
      })
    }
    for (const route of ROUTES) {
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
        const isFeed = route.startsWith('/events/subscribe')
        // The feed takes long lists by POST.
        if (isFeed && method === 'POST') continue
        expect(await problem(route, method)).toMatchObject({
          status: 405,
          detail: expect.stringContaining('use GET'),
          allow: isFeed ? 'GET, HEAD, POST, QUERY, OPTIONS' : 'GET, HEAD, OPTIONS',
        })
      }
    }
  })

  test('a page of any origin can send the headers of a subscription', async () => {
    const { daemon } = await setUp(firstSteps)
    for (const route of ROUTES) {
      const preflight = await fetch(daemon.url + route, {
        method: 'OPTIONS',
        headers: {
          origin: 'https://example.com',
          'access-control-request-method': 'GET',
          'access-control-request-headers': 'last-event-id,cache-control',
        },
      })
      expect(preflight.status).toBe(204)
      const allowed = (name: string) => preflight.headers.get(`access-control-allow-${name}`) ?? ''
      expect(allowed('origin')).toBe('*')
      expect(allowed('methods')).toContain('GET')
      const headers = allowed('headers').toLowerCase()
      expect(headers).toContain('cache-control')
      expect(headers).toContain('last-event-id')
    }
  })

  test('a summary adds up what an address pays and receives, per token', async () => {
    const { daemon } = await setUp(quirks)
    const { url } = daemon
    await indexed(url, lastLedger(quirks))
    const { data: streams } = await getJson<Answer<StreamJson[]>>(`${url}/streams?limit=200`)
    const addresses = new Set(streams.flatMap(({ sender, recipient }) => [sender, recipient]))
    expect([...addresses].some((address) => address.startsWith('C'))).toBe(true)
    const sum = (side: readonly StreamJson[]) => {
      const total = (name: 'depositedAmount' | 'withdrawnAmount' | 'claimableAmount') =>
        String(side.reduce((sofar, stream) => sofar + BigInt(stream[name]), 0n))
      const count = (status: string) => side.filter((stream) => stream.status === status).length
      return {
        streams: side.length,
        active: count('active'),
        paused: count('paused'),
        cancelled: count('cancelled'),
        completed: count('completed'),
        depositedAmount: total('depositedAmount'),
        withdrawnAmount: total('withdrawnAmount'),
        claimableAmount: total('claimableAmount'),
      }
    }
    for (const address of addresses) {
      const own = streams.filter((stream) => [stream.sender, stream.recipient].includes(address))
      const tokens = [...Map.groupBy(own, (stream) => stream.tokenAddress)].map(
        ([tokenAddress, each]) => ({
          tokenAddress,
          incoming: sum(each.filter(({ recipient }) => recipient === address)),
          outgoing: sum(each.filter(({ sender }) => sender === address)),
        }),
      )
      const { data } = await getJson<Answer<unknown>>(`${url}/users/${address}/summary`)
      expect(data).toEqual({ address, tokens: expect.arrayContaining(tokens) })
      expect((data as { tokens: unknown[] }).tokens).toHaveLength(tokens.length)
    }
    const stranger = quirks.header.contractId
    const { data } = await getJson<Answer<unknown>>(`${url}/users/${stranger}/summary`)
    expect(data).toEqual({ address: stranger, tokens: [] })
  })
})
