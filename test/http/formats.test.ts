import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cell } from '../../src/http/formats/csv.ts'
import { preferredFormat } from '../../src/http/formats/format.ts'
import { preferredCoding } from '../../src/http/formats/coding.ts'
import { getJson } from '../support/daemon.ts'
import type { Answer } from '../support/daemon.ts'
import { hasEvents, idsOf } from '../support/feed/client.ts'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'

interface Event extends Record<string, unknown> {
  id: string
  ledger: number
  streamId?: string
}

/** Of 179 ledgers, with more events than one page of an export has. */
const CLOSED = 130
let daemon: FeedDaemon

beforeAll(async () => {
  daemon = await startFeedDaemon({ recording: 'quirks', closed: CLOSED })
  await daemon.indexed()
})
afterAll(() => daemon.close())

function ask(path: string, headers: Record<string, string> = {}, method = 'GET') {
  return fetch(daemon.url + path, {
    method,
    headers: { 'accept-encoding': 'identity', ...headers },
  })
}

async function ndjson(path: string): Promise<{ events: Event[]; end: string | null }> {
  const response = await ask(path, { accept: 'application/x-ndjson' })
  expect(response.headers.get('content-type')).toMatch(/^application\/x-ndjson/)
  const text = await response.text()
  const events = text.split('\n').slice(0, -1)
  return {
    events: events.map((line) => JSON.parse(line) as Event),
    end: response.headers.get('x-flowfi-cursor'),
  }
}

/** RFC 4180. */
function parseCsv(text: string): string[][] {
  expect(text.endsWith('\r\n')).toBe(true)
  const rows: string[][] = [[]]
  for (const [, quoted, plain, end] of text.matchAll(
    /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g,
  )) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if (end === '\r\n') rows.push([])
  }
  return rows.slice(0, -1)
}

async function csv(path: string): Promise<Record<string, string>[]> {
  const response = await ask(path, { accept: 'text/csv' })
  expect(response.headers.get('content-type')).toMatch(/^text\/csv/)
  const [names = [], ...rows] = parseCsv(await response.text())
  return rows.map((row) => {
    expect(row.length).toBe(names.length)
    return Object.fromEntries(names.map((name, at) => [name, row[at] ?? '']))
  })
}

describe('exports', () => {
  test('NDJSON without a limit has the whole log, and names the position at which it ends', async () => {
    const { events, end } = await ndjson('/events')
    expect(events.map(({ id }) => id)).toEqual(daemon.log().map(({ id }) => id))
    expect(events.length).toBeGreaterThan(250)
    expect(end).toBe((await getJson<Answer<Event[]>>(`${daemon.url}/events?limit=1`)).asOf.cursor)
  })

  test('P6: an export, and a subscription from where it ends, have every event exactly once', async () => {
    const { events, end } = await ndjson('/events')
    daemon.simulator.closeNext(20)
    await daemon.indexed()
    const rest = daemon.log().length - events.length
    expect(rest).toBeGreaterThan(0)
    const client = await daemon.open(`all=true&cursor=${end}`)
    await client.until(hasEvents(rest))
    client.socket.destroy()
    const ids = [...events.map(({ id }) => id), ...idsOf(client)]
    expect(ids).toEqual(daemon.log().map(({ id }) => id))
  })

  test('CSV has the same values as JSON, with the common fields first', async () => {
    const { events } = await ndjson('/events')
    const rows = await csv('/events')
    expect(Object.keys(rows[0] ?? {}).slice(0, 10)).toEqual([
      'id',
      'type',
      'streamId',
      'contractId',
      'ledger',
      'timestamp',
      'transactionHash',
      'sender',
      'recipient',
      'admin',
    ])
    const others = Object.keys(rows[0] ?? {}).slice(9)
    expect(others).toEqual(others.toSorted())
    expect(rows.length).toBe(events.length)
    for (const [at, event] of events.entries()) {
      const filled = Object.entries(rows[at] ?? {}).filter(([, value]) => value !== '')
      const expected = Object.entries(event).filter(([, value]) => value !== null)
      const texts = expected.map(([name, value]) => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ])
      expect(Object.fromEntries(filled)).toEqual(Object.fromEntries(texts))
    }
  })

  test('an export obeys the filter, the range and the order', async () => {
    const all = (await ndjson('/events')).events
    const [low, high] = [all[20]!, all[200]!]
    const streamId = all.find((event) => event.streamId !== undefined)!.streamId!
    const ids = async (path: string) => (await ndjson(path)).events.map(({ id }) => id)
    const of = (events: Event[]) => events.map(({ id }) => id)
    expect(await ids(`/streams/${streamId}/events`)).toEqual(
      of(all.filter((event) => event.streamId === streamId)),
    )
    expect(await ids(`/events?after=${low.id}&before=${high.id}`)).toEqual(of(all.slice(21, 200)))
    expect(await ids('/events?order=desc')).toEqual(of(all).toReversed())
    expect(await ids(`/events?from_ledger=${low.ledger}&to_ledger=${high.ledger}`)).toEqual(
      of(all.filter(({ ledger }) => ledger >= low.ledger && ledger <= high.ledger)),
    )
  })

  test('an export with a limit is a page, and the next one starts where it ends', async () => {
    const all = (await ndjson('/events')).events
    const found: Event[] = []
    let from = ''
    for (;;) {
      const { events, end } = await ndjson(`/events?limit=100${from}`)
      found.push(...events)
      if (events.length < 100) break
      from = `&after=${end}`
    }
    expect(found).toEqual(all)
  })

  test('HEAD of an export names its end, and has no body', async () => {
    const response = await ask('/events?format=csv', {}, 'HEAD')
    expect(response.headers.get('x-flowfi-cursor')).not.toBeNull()
    expect(await response.text()).toBe('')
  })

  test('an unknown format is refused by name', async () => {
    const response = await ask('/events?format=xml')
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('a format is one of json, ndjson, csv')
  })
})

test.for([
  [undefined, 'json'],
  ['*/*', 'json'],
  ['text/html,application/xhtml+xml,*/*;q=0.8', 'json'],
  ['application/x-ndjson', 'ndjson'],
  ['text/csv, */*', 'csv'],
  ['text/csv;q=0.5, application/json', 'json'],
  ['application/json;q=0.1, TEXT/CSV; q=0.2', 'csv'],
  ['application/json;q=0, */*', 'ndjson'],
  ['image/png', 'json'],
] as const)('Accept: %s gives %s', ([accept, format]) => {
  expect(preferredFormat(accept)).toBe(format)
})

test.for([
  [undefined, undefined],
  ['gzip, deflate, br', 'br'],
  ['gzip', 'gzip'],
  ['gzip;q=1, br;q=0.5', 'gzip'],
  ['br;q=0, *', 'gzip'],
  ['identity, gzip;q=0.5', undefined],
  ['deflate', undefined],
] as const)('Accept-Encoding: %s gives %s', ([accept, coding]) => {
  expect(preferredCoding(accept)).toBe(coding)
})

test.for([
  ['-5', '-5'],
  ['170141183460469231731687303715884105727', '170141183460469231731687303715884105727'],
  ['=1+1', "'=1+1"],
  ['+1', "'+1"],
  ['-1+1', "'-1+1"],
  ['@x', "'@x"],
  ['\tx', "'\tx"],
  ['\rx', `"'\rx"`],
  ['a "b", c', '"a ""b"", c"'],
  [['a', 'b'], '"[""a"",""b""]"'],
  [null, ''],
  [7, '7'],
] as const)('a cell of CSV is no formula and no second cell: %j', ([value, text]) => {
  expect(cell(value)).toBe(text)
})
