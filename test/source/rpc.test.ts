import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { endOfLedger, ledgerOf } from '../../src/domain/cursor.ts'
import { SourceError } from '../../src/domain/errors.ts'
import { parseRetryAfter } from '../../src/source/rpc/faults.ts'
import { createRpcClient } from '../../src/source/rpc/client.ts'
import { createRpcSource, createClientSource } from '../../src/source/rpc/rpc.ts'
import { reset, serveRpc, silence, status } from '../support/rpc-server.ts'
import type { Params, Reply } from '../support/rpc-server.ts'

/** A server that answers what the test says, and a source for it. */
async function answering(replies: Parameters<typeof serveRpc>[0], now?: () => number) {
  const server = await serveRpc(replies)
  const client = createRpcClient(server.url, LONG_MS)
  const sourceOf = (contractId = SAC) => createClientSource(client, { contractId, now })
  return {
    ...server,
    sourceOf,
    getPage: (limit = 2, after = endOfLedger(1)) => sourceOf().page({ after }, limit, signal),
  }
}

type WireEvent = Record<string, unknown> & { id: string; contractId: string }
interface EventsAnswer {
  events: WireEvent[]
  cursor?: string
  latestLedger: number
}

/** An answer of a real server. Each file says where it was captured. */
function sample(name: string): EventsAnswer {
  const path = new URL(`../../fixtures/rpc/${name}.json`, import.meta.url)
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
/** Long enough never to expire. */
const LONG_MS = 60_000

/** The fault that `promise` rejects with. */
async function faultOf(promise: Promise<unknown>): Promise<SourceError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof SourceError) return error
    throw error
  }
  throw new Error('there was no fault')
}

describe('a page of a real server', () => {
  test('v27: a full page ends at its last event and keeps the base64', async () => {
    const answer = sample('01-getEvents-v27-testnet-2026-07-transfers-fullpage')
    const { calls, getPage } = await answering({ getEvents: () => ({ result: answer }) })
    const page = await getPage()
    expect(calls).toEqual([
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

  test('v22: a short page ends at the end of the window, here the tip', async () => {
    const answer = sample('08-getEvents-v22-testnet-2025-04-shortpage-endcursor')
    const { sourceOf } = await answering({
      getEvents: () => ({ result: answer }),
      getLedgers: () => ({ error: { code: -32601, message: 'method not found' } }),
    })
    const page = await sourceOf(SHORT_PAGE).page({ startLedger: 589_386 }, 10, signal)
    expect(page).toMatchObject({
      full: false,
      cursor: '0002533562553204735-4294967295',
      tip: { ledger: answer.latestLedger },
      oldest: undefined,
    })
    expect(page.events.length).toBeGreaterThan(0)
  })

  test('v22: a page with paging tokens and without indexes is read like any other', async () => {
    const answer = sample('03-getEvents-v22-testnet-2025-06-pagingToken')
    const { getPage } = await answering({ getEvents: () => ({ result: answer }) })
    const page = await getPage()
    expect(page.events.map(({ id }) => id)).toEqual(answer.events.map(({ id }) => id))
  })

  test('v22: nested values are kept as they came', async () => {
    const answer = sample('04-getEvents-v22-testnet-2025-06-nested-vec-value')
    const { sourceOf } = await answering({ getEvents: () => ({ result: answer }) })
    const [, wanted] = answer.events
    const page = await sourceOf(wanted!.contractId).page({ after: endOfLedger(1) }, 2, signal)
    expect(page).toMatchObject({ full: true, cursor: wanted!.id })
    expect(page.events).toMatchObject([{ id: wanted!.id, value: wanted!['value'] }])
  })

  test('v27: the fee events of a failed transaction are left out', async () => {
    const answer = sample('02-getEvents-v27-testnet-2026-07-tx-level-fee-events')
    const { getPage } = await answering({ getEvents: () => ({ result: answer }) })
    const page = await getPage()
    expect(page.events.map(({ id }) => id)).toEqual([answer.events[1]!.id])
    expect(page.cursor).toBe(answer.cursor)
  })

  test.each([
    ['v20', '05-getEvents-v20-testnet-2024-04-transfers-nocursor'],
    ['the preview of 2023', '07-getEvents-preview-2023-11-value-object'],
    ['v21', '09-getEvents-v21-testnet-2024-08-map-and-vec-values'],
    ['v20 with diagnostics', '06-getEvents-v20-testnet-2024-04-diagnostic'],
  ])('%s is refused as too old, with a full page or a short one', async (_, name) => {
    const answer = sample(name)
    const { sourceOf } = await answering({ getEvents: () => ({ result: answer }) })
    const contractId = answer.events.at(-1)!.contractId
    for (const limit of [answer.events.length, 100]) {
      const page = sourceOf(contractId).page({ after: endOfLedger(1) }, limit, signal)
      const fault = await faultOf(page.then(({ cursor }) => expect(cursor).toBe('refused')))
      expect(fault).toMatchObject({ fault: 'refused' })
      expect(fault.message).toMatch(/too old .* v22 or later/)
    }
  })

  test('P4: a page with unreadable XDR is read, and the XDR is kept', async () => {
    const answer = sample('01-getEvents-v27-testnet-2026-07-transfers-fullpage')
    answer.events[0]!['value'] = 'AAAAYwAAAAA='
    const { getPage } = await answering({ getEvents: () => ({ result: answer }) })
    const page = await getPage()
    expect(page.events.map(({ value }) => value)[0]).toBe('AAAAYwAAAAA=')
    expect(page.events).toHaveLength(2)
  })

  test('events of other contracts and of calls that were rolled back are left out', async () => {
    const answer = sample('01-getEvents-v27-testnet-2026-07-transfers-fullpage')
    answer.events[0]!['inSuccessfulContractCall'] = false
    answer.events[1]!.contractId = SHORT_PAGE
    const { getPage } = await answering({ getEvents: () => ({ result: answer }) })
    const page = await getPage()
    expect(page).toMatchObject({ events: [], full: true, cursor: answer.cursor })
  })
})

describe('the close time of a page', () => {
  const empty = (end: number) => ({
    result: { events: [], cursor: endOfLedger(end), latestLedger: 90_000 },
  })
  const nextWindow = (params: Params) => {
    const { cursor } = (params as { pagination: { cursor: string } }).pagination
    return empty(ledgerOf(cursor) + 9_999)
  }
  const closed = (params: Params) => {
    const { startLedger: sequence } = params as { startLedger: number }
    return { result: { ledgers: [{ sequence, hash: 'aa', ledgerCloseTime: '1700' }] } }
  }

  test('it is asked for if the page ends in an empty ledger', async () => {
    const { calls, getPage } = await answering({
      getEvents: () => empty(10_000),
      getLedgers: closed,
    })
    expect((await getPage()).closedAt).toBe(1_700)
    expect(calls[1]).toEqual({
      method: 'getLedgers',
      params: { startLedger: 10_000, pagination: { limit: 1 } },
    })
  })

  test('it is asked for at most once a minute before the tip', async () => {
    let now = 0
    const { calls, sourceOf } = await answering(
      { getEvents: nextWindow, getLedgers: closed },
      () => now,
    )
    const source = sourceOf()
    const times: (number | undefined)[] = []
    let after = endOfLedger(1)
    for (const seconds of [0, 1, 59.9, 60, 61, 119, 120]) {
      now = seconds * 1_000
      const page = await source.page({ after }, 10, signal)
      times.push(page.closedAt)
      after = page.cursor
    }
    const none = undefined
    expect(times).toEqual([1_700, none, none, 1_700, none, none, 1_700])
    expect(calls.filter(({ method }) => method === 'getLedgers')).toHaveLength(3)
  })

  test('a page without it is fine, and the failed call is not repeated sooner', async () => {
    const { calls, sourceOf } = await answering({
      getEvents: nextWindow,
      getLedgers: () => status(503),
    })
    const source = sourceOf()
    for (const ledger of [1, 10_000]) {
      const page = await source.page({ after: endOfLedger(ledger) }, 10, signal)
      expect(page.closedAt).toBeUndefined()
    }
    expect(calls.filter(({ method }) => method === 'getLedgers')).toHaveLength(1)
  })

  test('at the tip it is asked for once per ledger', async () => {
    let latestLedger = 5
    const { calls, sourceOf } = await answering(
      {
        getEvents: () => ({
          result: { events: [], cursor: endOfLedger(latestLedger), latestLedger },
        }),
        getLedgers: closed,
      },
      () => 0,
    )
    const source = sourceOf()
    let after = endOfLedger(1)
    for (const ledger of [5, 5, 6, 6]) {
      latestLedger = ledger
      after = (await source.page({ after }, 10, signal)).cursor
    }
    const asked = calls.filter(({ method }) => method === 'getLedgers')
    expect(asked.map(({ params }) => params?.['startLedger'])).toEqual([5, 6])
  })
})

describe('the edge of retention', () => {
  const RANGE = {
    error: { code: -32600, message: 'startLedger must be within the ledger range: 11 - 50' },
  }

  test('P3: if it has reached exactly the last finished ledger, nothing is lost', async () => {
    const answer = {
      events: [],
      cursor: endOfLedger(50),
      latestLedger: 50,
      latestLedgerCloseTime: '9',
    }
    const { calls, getPage } = await answering({
      getEvents: (params) => (params?.['startLedger'] === 11 ? { result: answer } : RANGE),
    })
    expect(await getPage(2, endOfLedger(10))).toMatchObject({
      cursor: endOfLedger(50),
      closedAt: 9,
    })
    expect(calls).toHaveLength(2)
  })

  test('P3: if it has passed the cursor, the fault has the range', async () => {
    const { getPage } = await answering({ getEvents: () => RANGE })
    const fault = await faultOf(getPage(2, endOfLedger(9)))
    expect(fault).toMatchObject({ fault: 'outside_retention', range: { oldest: 11, latest: 50 } })
  })

  test('P3: if the cursor is after the range, the node is behind', async () => {
    const { getPage } = await answering({ getEvents: () => RANGE })
    expect(await faultOf(getPage(2, endOfLedger(51)))).toMatchObject({ fault: 'behind' })
  })
})

describe('P9: what goes wrong', () => {
  const rpcError = (code: number, message: string) => ({ error: { code, message } })

  test.each<[string, Reply, Partial<SourceError>]>([
    [
      'a time limit with its code in the text',
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
      'the text before v21.5: too old',
      rpcError(-32600, 'start is before oldest ledger'),
      { fault: 'outside_retention' },
    ],
    [
      'the text before v21.5: too new',
      rpcError(-32600, 'start is after newest ledger'),
      { fault: 'behind' },
    ],
    [
      'a text of the provider',
      rpcError(-32600, 'plan does not include archive access'),
      { fault: 'unknown' },
    ],
    ['a panic', rpcError(-32003, '[-32003] handler panicked'), { fault: 'unknown' }],
    ['a missing method', rpcError(-32601, 'method not found'), { fault: 'refused' }],
    ['an error that is null', { error: null, result: {} }, { fault: 'unknown' }],
    ['an error that is text', { error: 'no' }, { fault: 'unknown' }],
    [
      '429 with seconds',
      status(429, 'slow down', { 'retry-after': '7' }),
      { fault: 'busy', retryAfterMs: 7_000 },
    ],
    ['429 without seconds', status(429, '<html>'), { fault: 'busy', retryAfterMs: undefined }],
    ['503, empty', status(503), { fault: 'busy' }],
    ['408 of a proxy', status(408), { fault: 'busy' }],
    ['504, empty', status(504), { fault: 'time_limit' }],
    ['524 of a proxy', status(524, '<html>'), { fault: 'time_limit' }],
    ['502 of a proxy', status(502, '<html>'), { fault: 'unreachable' }],
    ['401', status(401), { fault: 'refused' }],
    ['a web page', status(200, '<html>hello</html>'), { fault: 'malformed' }],
    ['an empty 200', status(200, ''), { fault: 'malformed' }],
    [
      'half an answer',
      status(200, '{"jsonrpc":"2.0","id":1,"result":{"events":['),
      { fault: 'malformed' },
    ],
    ['no result', {}, { fault: 'malformed' }],
    ['a result that is a list', { result: [] }, { fault: 'malformed' }],
    ['a connection that breaks', reset, { fault: 'unreachable' }],
  ])('%s', async (_, answer, expected) => {
    const { getPage } = await answering({ getEvents: () => answer })
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
      'an event before the requested cursor',
      { events: [{ ...EVENT, id: endOfLedger(0) }], cursor: EVENT.id },
    ],
    ['a cursor that does not advance', { events: [], cursor: endOfLedger(1) }],
    ['an event twice', { events: [EVENT, EVENT], cursor: EVENT.id }],
    ['an event without an id', { events: [{ ...EVENT, id: 'x' }], cursor: EVENT.id }],
    [
      'a close time that is not a time',
      { events: [{ ...EVENT, ledgerClosedAt: 'noon' }], cursor: EVENT.id },
    ],
    ['topics that are not a list', { events: [{ ...EVENT, topic: 'a' }], cursor: EVENT.id }],
    ['an event that is null', { events: [null], cursor: EVENT.id }],
  ])('an answer with %s is malformed', async (_, answer) => {
    const { getPage } = await answering({
      getEvents: () => ({ result: { latestLedger: 3_727_845, ...answer } }),
    })
    expect(await faultOf(getPage(1_000))).toMatchObject({ fault: 'malformed' })
  })

  test('no answer within the time limit is a timeout', async () => {
    const { url } = await serveRpc({ getEvents: () => silence })
    const source = createRpcSource({ url, contractId: SAC, timeoutMs: 50 })
    const late = source.page({ after: endOfLedger(1) }, 2, signal)
    expect(await faultOf(late)).toMatchObject({ fault: 'timeout' })
  })

  test('an abort rejects at once, with its reason', async () => {
    const stopping = new AbortController()
    const { sourceOf } = await answering({
      getEvents: () => {
        stopping.abort(new Error('stop'))
        return silence
      },
    })
    const page = sourceOf().page({ after: endOfLedger(1) }, 2, stopping.signal)
    await expect(page).rejects.toThrow('stop')
  })
})

describe('a network', () => {
  test('a network has a passphrase and a range of ledgers', async () => {
    const { sourceOf } = await answering({
      getNetwork: () => ({ result: { passphrase: 'Net', protocolVersion: 23 } }),
      getHealth: () => ({ result: { status: 'healthy', oldestLedger: 2, latestLedger: 9 } }),
    })
    expect(await sourceOf().network(signal)).toEqual({ passphrase: 'Net' })
    expect(await sourceOf().range(signal)).toEqual({ oldest: 2, latest: 9 })
  })
})

describe('the range of a server without an answer of getHealth', () => {
  const RANGE = {
    error: { code: -32600, message: 'startLedger must be within the ledger range: 11 - 50' },
  }
  const LATENCY = '[-32603] latency (2563h44m21s) since last known ledger closed is too high (>30s)'

  test.each<[string, Reply]>([
    ['if the newest ledger is old', { error: { code: -32603, message: LATENCY } }],
    ['if the provider does not offer it', { error: { code: -32601, message: 'method not found' } }],
    ['if the provider has its own error', { error: { code: -32000, message: 'no' } }],
    ['if an old server does not name a range', { result: { status: 'healthy' } }],
  ])('%s, the range comes from the range error of getEvents', async (_, reply) => {
    const { calls, sourceOf } = await answering({
      getHealth: () => reply,
      getEvents: () => RANGE,
    })
    const expected = { oldest: 11, latest: 50 }
    expect(await sourceOf().range(signal)).toEqual(expected)
    expect(await sourceOf().extent(signal)).toEqual(expected)
    expect(calls[1]?.params).toMatchObject({ startLedger: 1, pagination: { limit: 1 } })
  })

  test('on a young chain, the range comes from an answer of getEvents', async () => {
    const { sourceOf } = await answering({
      getHealth: () => ({ error: { code: -32603, message: LATENCY } }),
      getEvents: () => ({ result: { events: [], oldestLedger: 1, latestLedger: 9 } }),
    })
    expect(await sourceOf().range(signal)).toEqual({ oldest: 1, latest: 9 })
  })

  test.each<[string, Reply, Partial<SourceError>]>([
    ['is unreachable', reset, { fault: 'unreachable' }],
    ['asks for a pause', status(429, '', { 'retry-after': '3' }), { retryAfterMs: 3_000 }],
  ])('the range is not asked for again if the server %s', async (_, reply, expected) => {
    const { calls, sourceOf } = await answering({ getHealth: () => reply })
    expect(await faultOf(sourceOf().range(signal))).toMatchObject(expected)
    expect(calls).toHaveLength(1)
  })

  test('the range is unknown if getEvents does not name it either', async () => {
    const message = '[-32603] data stores are not initialized: DB is empty'
    const { sourceOf } = await answering({
      getHealth: () => ({ error: { code: -32603, message } }),
      getEvents: () => ({ error: { code: -32603, message: 'DB is empty' } }),
    })
    expect(await faultOf(sourceOf().range(signal))).toMatchObject({ fault: 'not_ready' })
  })
})

describe('a server that answers fewer events per call than it is asked for', () => {
  /** Ids of one ledger, 1 to 30, and a server that answers at most `most` of them at once. */
  const [event] = sample('01-getEvents-v27-testnet-2026-07-transfers-fullpage').events
  const idOf = (index: number) => `${event!.id.slice(0, 20)}${String(index).padStart(10, '0')}`
  const limited = (most: () => number) => (params: Params) => {
    const { cursor, limit } = (params as { pagination: { cursor: string; limit: number } })
      .pagination
    if (limit > most()) {
      return { error: { code: -32602, message: `limit must not exceed ${most()}` } }
    }
    const ids = Array.from({ length: 30 }, (__, index) => idOf(index + 1))
    const events = ids.filter((id) => id > cursor).slice(0, limit)
    const end = events.length === limit ? events.at(-1)! : endOfLedger(event!['ledger'] as number)
    return {
      result: {
        events: events.map((id) => ({ ...event, id })),
        cursor: end,
        latestLedger: event!['ledger'],
        latestLedgerCloseTime: '9',
      },
    }
  }

  test('it is asked for as many as it allows, at once and from then on', async () => {
    let most = 20
    const { calls, sourceOf } = await answering({ getEvents: limited(() => most) })
    const source = sourceOf()
    const limits = () =>
      calls.splice(0).map(({ params }) => (params as { pagination: Params }).pagination?.['limit'])
    const first = await source.page({ after: endOfLedger(1) }, 1_000, signal)
    expect(first).toMatchObject({ full: true, cursor: idOf(20) })
    expect(limits()).toEqual([1_000, 20])
    const rest = await source.page({ after: first.cursor }, 1_000, signal)
    expect(rest).toMatchObject({ full: false })
    expect(rest.events).toHaveLength(10)
    expect(limits()).toEqual([20])
    most = 7
    expect((await source.page({ after: idOf(1) }, 1_000, signal)).events).toHaveLength(7)
    expect((await source.page({ after: idOf(1) }, 5, signal)).events).toHaveLength(5)
    expect(limits()).toEqual([20, 7, 5])
  })

  test('P8: a server that allows no events is a fault, not a loop', async () => {
    const { calls, getPage } = await answering({ getEvents: limited(() => 0) })
    expect(await faultOf(getPage())).toMatchObject({ fault: 'too_many', limit: 0 })
    expect(calls).toHaveLength(1)
  })
})

test('credentials of a URL are sent in a header and are in no error', async () => {
  const { url, headers } = await serveRpc({ getNetwork: () => reset })
  const secret = url.replace('//', '//me:s%20ecret%@')
  const closed = createRpcSource({ url: secret, contractId: SAC, timeoutMs: LONG_MS })
  const { fault, message, cause } = await faultOf(closed.network(signal))
  expect(headers.map(({ authorization }) => authorization)).toEqual([
    `Basic ${btoa('me:s%20ecret%')}`,
  ])
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
    [undefined, undefined],
  ])('Retry-After: %j is %j milliseconds', (value, milliseconds) => {
    expect(parseRetryAfter(value, now)).toBe(milliseconds)
  })
})
