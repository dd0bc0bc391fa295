import { readFileSync } from 'node:fs'
import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { SourceError } from '../../src/domain/errors.ts'
import { parseRetryAfter } from '../../src/source/rpc-faults.ts'
import { createRpcSource } from '../../src/source/rpc.ts'

const URL = 'https://rpc.example/'
const server = setupServer()
beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
afterEach(() => server.resetHandlers())
afterAll(() => server.close())

interface Request {
  method: string
  params?: Record<string, unknown>
}

/** The requests that came, each answered by its method. */
function answering(answers: Record<string, (params: Request['params']) => unknown>): Request[] {
  const requests: Request[] = []
  server.use(
    http.post(URL, async ({ request }) => {
      const { method, params } = (await request.json()) as Request
      requests.push({ method, ...(params && { params }) })
      const answer = await answers[method]?.(params)
      return answer instanceof Response
        ? answer
        : HttpResponse.json({ jsonrpc: '2.0', id: 1, ...(answer as object) })
    }),
  )
  return requests
}

type WireEvent = Record<string, unknown> & { id: string; contractId: string }
interface EventsAnswer {
  events: WireEvent[]
  cursor?: string
  latestLedger: number
}

/** What real servers answered; each file tells where it was captured. */
function sample(name: string): EventsAnswer {
  const path = new globalThis.URL(`../../fixtures/rpc/${name}.json`, import.meta.url)
  const file = JSON.parse(readFileSync(path, 'utf8')) as {
    result?: EventsAnswer
    response?: { result: EventsAnswer }
    results?: EventsAnswer[]
  }
  return (file.result ?? file.response?.result ?? file.results?.[0])!
}

const SAC = 'CDLZFC3SYJYDZT7K67VZ75HPJVIEUVNIXF47ZG2FB2RMQQVU2HHGCYSC'
const SHORT_PAGE = 'CBUMOJAEAPLQUCWVIM6HJH5XKXW5OP7CRVOOYMJYSTZ6GFDNA72O2QW6'
const signal = new AbortController().signal

function source(contractId = SAC, timeoutMs = 5_000) {
  return createRpcSource({ url: URL, contractId, timeoutMs })
}

/** The fault a page ends in. */
async function faultOf(promise: Promise<unknown>): Promise<SourceError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof SourceError) return error
    throw error
  }
  throw new Error('there was no fault')
}

function getPage(limit = 2, after = endOfLedger(1)) {
  return source().page({ after }, limit, signal)
}

describe('a page of a real server', () => {
  test('v27, full: ends at its last event and keeps the base64', async () => {
    const answer = sample('01-getEvents-v27-testnet-2026-07-transfers-fullpage')
    const requests = answering({ getEvents: () => ({ result: answer }) })
    const page = await getPage()
    expect(requests).toEqual([
      {
        method: 'getEvents',
        params: {
          filters: [{ contractIds: [SAC] }],
          pagination: { cursor: endOfLedger(1), limit: 2 },
        },
      },
    ])
    expect(page).toMatchObject({ full: true, cursor: answer.events[1]!.id })
    expect(page.events[0]).toMatchObject({
      id: '0016010972359577600-0000000001',
      timestamp: 1_784_656_870,
      topics: answer.events[0]!['topic'],
      value: answer.events[0]!['value'],
    })
    expect(page.closedAt).toBe(page.events[1]!.timestamp)
  })

  test('v22, short: ends at the end of the window, here the tip', async () => {
    const answer = sample('08-getEvents-v22-testnet-2025-04-shortpage-endcursor')
    answering({
      getEvents: () => ({ result: answer }),
      getLedgers: () => ({ error: { code: -32601, message: 'method not found' } }),
    })
    const page = await source(SHORT_PAGE).page({ startLedger: 589_386 }, 10, signal)
    expect(page).toMatchObject({
      full: false,
      cursor: '0002533562553204735-4294967295',
      tip: { ledger: answer.latestLedger },
      oldest: undefined,
    })
    expect(page.events.length).toBeGreaterThan(0)
  })

  test('v22 with paging tokens and no indexes is read like any other', async () => {
    const answer = sample('03-getEvents-v22-testnet-2025-06-pagingToken')
    answering({ getEvents: () => ({ result: answer }) })
    const page = await getPage()
    expect(page.events.map(({ id }) => id)).toEqual(answer.events.map(({ id }) => id))
  })

  test('v22, with values that nest, keeps them as they came', async () => {
    const answer = sample('04-getEvents-v22-testnet-2025-06-nested-vec-value')
    answering({ getEvents: () => ({ result: answer }) })
    const [, wanted] = answer.events
    const page = await source(wanted!.contractId).page({ after: endOfLedger(1) }, 2, signal)
    expect(page).toMatchObject({ full: true, cursor: wanted!.id })
    expect(page.events).toMatchObject([{ id: wanted!.id, value: wanted!['value'] }])
  })

  test('v27, with the fee events of a failed transaction, leaves these out', async () => {
    const answer = sample('02-getEvents-v27-testnet-2026-07-tx-level-fee-events')
    answering({ getEvents: () => ({ result: answer }) })
    const page = await getPage()
    expect(page.events.map(({ id }) => id)).toEqual([answer.events[1]!.id])
    expect(page.cursor).toBe(answer.cursor)
  })

  test.each([
    ['v20', '05-getEvents-v20-testnet-2024-04-transfers-nocursor'],
    ['the preview of 2023', '07-getEvents-preview-2023-11-value-object'],
    ['v21', '09-getEvents-v21-testnet-2024-08-map-and-vec-values'],
    ['v20 with diagnostics', '06-getEvents-v20-testnet-2024-04-diagnostic'],
  ])('%s is refused with a sentence, short page or full', async (_, name) => {
    const answer = sample(name)
    answering({ getEvents: () => ({ result: answer }) })
    const contractId = answer.events.at(-1)!.contractId
    for (const limit of [answer.events.length, 100]) {
      const page = source(contractId).page({ after: endOfLedger(1) }, limit, signal)
      const fault = await faultOf(page.then(({ cursor }) => expect(cursor).toBe('refused')))
      expect(fault).toMatchObject({ fault: 'refused' })
      expect(fault.message).toMatch(/too old .* v22 or later/)
    }
  })

  test('an event whose XDR nobody can read does not cost its page', async () => {
    const answer = sample('01-getEvents-v27-testnet-2026-07-transfers-fullpage')
    answer.events[0]!['value'] = 'AAAAYwAAAAA='
    answering({ getEvents: () => ({ result: answer }) })
    const page = await getPage()
    expect(page.events.map(({ value }) => value)[0]).toBe('AAAAYwAAAAA=')
    expect(page.events).toHaveLength(2)
  })

  test('events of calls that were rolled back, and of other contracts, are not the contract’s', async () => {
    const answer = sample('01-getEvents-v27-testnet-2026-07-transfers-fullpage')
    answer.events[0]!['inSuccessfulContractCall'] = false
    answer.events[1]!.contractId = SHORT_PAGE
    answering({ getEvents: () => ({ result: answer }) })
    const page = await getPage()
    expect(page).toMatchObject({ events: [], full: true, cursor: answer.cursor })
  })
})

describe('the end of a window that is not the tip', () => {
  const EMPTY = { events: [], cursor: endOfLedger(10_000), latestLedger: 50_000 }

  test('asks when its ledger closed', async () => {
    const requests = answering({
      getEvents: () => ({ result: EMPTY }),
      getLedgers: () => ({
        result: { ledgers: [{ sequence: 10_000, hash: 'aa', ledgerCloseTime: '1700' }] },
      }),
    })
    expect((await getPage()).closedAt).toBe(1_700)
    expect(requests[1]).toEqual({
      method: 'getLedgers',
      params: { startLedger: 10_000, pagination: { limit: 1 } },
    })
  })

  test('goes on where a server cannot tell', async () => {
    answering({
      getEvents: () => ({ result: EMPTY }),
      getLedgers: () => new HttpResponse(null, { status: 503 }),
    })
    expect(await getPage()).toMatchObject({ cursor: EMPTY.cursor, closedAt: undefined })
  })
})

describe('the edge of retention', () => {
  const RANGE = {
    error: { code: -32600, message: 'startLedger must be within the ledger range: 11 - 50' },
  }

  test('that has reached exactly the ledger we finished has lost nothing', async () => {
    const answer = {
      events: [],
      cursor: endOfLedger(50),
      latestLedger: 50,
      latestLedgerCloseTime: '9',
    }
    const requests = answering({
      getEvents: (params) => (params?.['startLedger'] === 11 ? { result: answer } : RANGE),
    })
    expect(await getPage(2, endOfLedger(10))).toMatchObject({
      cursor: endOfLedger(50),
      closedAt: 9,
    })
    expect(requests).toHaveLength(2)
  })

  test('that has passed our cursor is a fault that tells the range', async () => {
    answering({ getEvents: () => RANGE })
    const fault = await faultOf(getPage(2, endOfLedger(9)))
    expect(fault).toMatchObject({ fault: 'outside_retention', range: { oldest: 11, latest: 50 } })
  })

  test('seen from a node that has not got that far is the node being behind', async () => {
    answering({ getEvents: () => RANGE })
    expect(await faultOf(getPage(2, endOfLedger(51)))).toMatchObject({ fault: 'behind' })
  })
})

describe('what goes wrong', () => {
  const rpcError = (code: number, message: string) => () => ({ error: { code, message } })
  const status =
    (code: number, body: string | null = null, headers = {}) =>
    () =>
      new HttpResponse(body, { status: code, headers })

  test.each<[string, () => unknown, Record<string, unknown>]>([
    [
      'a time limit, its code in the text',
      rpcError(-32001, '[-32001] request exceeded processing limit threshold'),
      { fault: 'time_limit' },
    ],
    ['an empty node', rpcError(-32603, 'DB is empty'), { fault: 'not_ready' }],
    [
      'a node that is catching up',
      rpcError(-32603, '[-32603] latency (45s) since last known ledger closed is too high (>30s)'),
      { fault: 'not_ready' },
    ],
    [
      'a database fault with the code of a range error',
      rpcError(-32600, 'sql: database is closed\ndb read failed for requested parameter'),
      { fault: 'busy' },
    ],
    [
      'a full queue',
      rpcError(-32098, 'rpc queue for getEvents surpassed queue limit of 1000 requests'),
      { fault: 'busy' },
    ],
    [
      'the wording before v21.5: too old',
      rpcError(-32600, 'start is before oldest ledger'),
      { fault: 'outside_retention' },
    ],
    [
      'the wording before v21.5: too new',
      rpcError(-32600, 'start is after newest ledger'),
      { fault: 'behind' },
    ],
    [
      'a provider’s own words',
      rpcError(-32600, 'plan does not include archive access'),
      { fault: 'unknown' },
    ],
    ['a panic', rpcError(-32003, '[-32003] handler panicked'), { fault: 'unknown' }],
    ['a method that is not there', rpcError(-32601, 'method not found'), { fault: 'refused' }],
    ['an error that is null', () => ({ error: null, result: {} }), { fault: 'unknown' }],
    ['an error that is text', () => ({ error: 'no' }), { fault: 'unknown' }],
    [
      '429 with seconds',
      status(429, 'slow down', { 'retry-after': '7' }),
      { fault: 'busy', retryAfterMs: 7_000 },
    ],
    ['429 without', status(429, '<html>'), { fault: 'busy', retryAfterMs: undefined }],
    ['503, empty', status(503), { fault: 'busy' }],
    ['504, empty', status(504), { fault: 'busy' }],
    ['502 of a proxy', status(502, '<html>'), { fault: 'unreachable' }],
    ['401', status(401), { fault: 'refused' }],
    ['a web page', status(200, '<html>hello</html>'), { fault: 'malformed' }],
    ['an empty 200', status(200, ''), { fault: 'malformed' }],
    [
      'half an answer',
      status(200, '{"jsonrpc":"2.0","id":1,"result":{"events":['),
      { fault: 'malformed' },
    ],
    ['no result', () => ({}), { fault: 'malformed' }],
    ['a result that is a list', () => ({ result: [] }), { fault: 'malformed' }],
    ['a connection that breaks', () => HttpResponse.error(), { fault: 'unreachable' }],
  ])('%s', async (_, answer, expected) => {
    answering({ getEvents: answer })
    const { fault, retryAfterMs } = await faultOf(getPage())
    expect({ fault, retryAfterMs }).toMatchObject(expected)
  })

  const EVENT = sample('01-getEvents-v27-testnet-2026-07-transfers-fullpage').events[0]!
  test.each<[string, Record<string, unknown>]>([
    ['no events', { cursor: EVENT.id }],
    ['no tip', { events: [], cursor: EVENT.id, latestLedger: undefined }],
    ['a cursor of another form', { events: [], cursor: 'gec1_abc' }],
    ['a cursor before its events', { events: [EVENT], cursor: endOfLedger(2) }],
    [
      'an event before the cursor asked from',
      { events: [{ ...EVENT, id: endOfLedger(0) }], cursor: EVENT.id },
    ],
    ['a cursor that stands still', { events: [], cursor: endOfLedger(1) }],
    ['an event twice', { events: [EVENT, EVENT], cursor: EVENT.id }],
    ['an event without an id', { events: [{ ...EVENT, id: 'x' }], cursor: EVENT.id }],
    [
      'a close time that is none',
      { events: [{ ...EVENT, ledgerClosedAt: 'noon' }], cursor: EVENT.id },
    ],
    ['topics that are no list', { events: [{ ...EVENT, topic: 'a' }], cursor: EVENT.id }],
    ['an event that is null', { events: [null], cursor: EVENT.id }],
  ])('an answer with %s is malformed, and nothing is taken from it', async (_, answer) => {
    answering({ getEvents: () => ({ result: { latestLedger: 3_727_845, ...answer } }) })
    expect(await faultOf(getPage(1_000))).toMatchObject({ fault: 'malformed' })
  })

  test('no answer in time is a time-out', async () => {
    answering({ getEvents: () => new Promise(() => {}) })
    const late = source(SAC, 50).page({ after: endOfLedger(1) }, 2, signal)
    expect(await faultOf(late)).toMatchObject({ fault: 'timeout' })
  })

  test('an abort rejects with its own reason, at once', async () => {
    const stopping = new AbortController()
    answering({
      getEvents: () => {
        stopping.abort(new Error('stop'))
        return new Promise(() => {})
      },
    })
    const page = source().page({ after: endOfLedger(1) }, 2, stopping.signal)
    await expect(page).rejects.toThrow('stop')
  })
})

describe('what is told of a network', () => {
  test('its passphrase and its range of ledgers', async () => {
    answering({
      getNetwork: () => ({ result: { passphrase: 'Net', protocolVersion: 23 } }),
      getHealth: () => ({ result: { status: 'healthy', oldestLedger: 2, latestLedger: 9 } }),
    })
    expect(await source().network(signal)).toEqual({ passphrase: 'Net' })
    expect(await source().range(signal)).toEqual({ oldestLedger: 2, latestLedger: 9 })
  })
})

test('credentials of a URL go into a header, and into no error', async () => {
  const asked: (string | null)[] = []
  server.use(
    http.post(URL, ({ request }) => {
      asked.push(request.url, request.headers.get('authorization'))
      return HttpResponse.error()
    }),
  )
  const url = 'https://me:s%20ecret%@rpc.example/'
  const closed = createRpcSource({ url, contractId: SAC, timeoutMs: 5_000 })
  const { fault, message, cause } = await faultOf(closed.network(signal))
  expect(asked).toEqual([URL, `Basic ${btoa('me:s%20ecret%')}`])
  expect(fault).toBe('unreachable')
  expect(`${message} ${String(cause)}`).not.toContain('ecret')
})

describe('Retry-After', () => {
  const now = Date.parse('2026-11-21T00:00:00Z')
  test.each([
    ['3', 3_000],
    ['Sat, 21 Nov 2026 00:00:05 GMT', 5_000],
    ['Fri, 20 Nov 2026 00:00:05 GMT', 0],
    ['soon', undefined],
    [null, undefined],
  ])('%j is %j milliseconds', (value, milliseconds) => {
    expect(parseRetryAfter(value, now)).toBe(milliseconds)
  })
})
