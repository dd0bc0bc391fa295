import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { getJson } from '../support/daemon.ts'
import type { Answer } from '../support/daemon.ts'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'
import { loadRecording } from '../support/recordings.ts'

interface EventJson {
  id: string
  type: string
  ledger: number
  timestamp: number
  sender: string | null
  recipient: string | null
}

const recording = await loadRecording('quirks')
let daemon: FeedDaemon
let all: EventJson[]

beforeAll(async () => {
  daemon = await startFeedDaemon({ recording: 'quirks' })
  await daemon.indexed()
  ;({ data: all } = await page('/events?limit=1000'))
})
afterAll(() => daemon.close())

function page(path: string): Promise<Answer<EventJson[]>> {
  return getJson(daemon.url + path)
}

const ids = (events: readonly EventJson[]) => events.map(({ id }) => id)

describe('events of a range', () => {
  test('both ends of a range of ledgers or times are in it', async () => {
    const [a, b] = [all[40]!, all[200]!]
    const within = (field: 'ledger' | 'timestamp', low: number, high: number) =>
      ids(all.filter((event) => event[field] >= low && event[field] <= high))
    const { ledger: low, timestamp: since } = a
    const { ledger: high, timestamp: until } = b
    const cases: [string, string[]][] = [
      [`from_ledger=${low}&to_ledger=${high}`, within('ledger', low, high)],
      [`from_ledger=${low + 1}&to_ledger=${high - 1}`, within('ledger', low + 1, high - 1)],
      [`from_time=${since}&to_time=${until}`, within('timestamp', since, until)],
      [`from_time=${since + 1}&to_time=${until - 1}`, within('timestamp', since + 1, until - 1)],
      [`from_ledger=${low}&to_time=${until}`, within('ledger', low, high)],
      [`to_ledger=${low}`, within('ledger', 0, low)],
      [`to_time=${since - 1}`, within('timestamp', 0, since - 1)],
      [`from_ledger=${high}`, within('ledger', high, Infinity)],
      [`from_time=${until + 1}`, within('timestamp', until + 1, Infinity)],
      [`from_ledger=0&from_time=0&to_ledger=2147483647&to_time=${2 ** 53 - 1}`, ids(all)],
      [`from_ledger=${high}&to_ledger=${low}`, []],
      [`from_time=${2 ** 53 - 1}`, []],
      ['to_ledger=0', []],
      ['to_time=0', []],
    ]
    for (const [query, expected] of cases) {
      for (const order of ['asc', 'desc']) {
        const { data, nextCursor } = await page(`/events?limit=1000&order=${order}&${query}`)
        expect([query, ids(data)]).toEqual([
          query,
          order === 'asc' ? expected : expected.toReversed(),
        ])
        expect(nextCursor).toBeNull()
      }
    }
  })

  test.each(['asc', 'desc'])('pages of a range, %s, give exactly its events', async (order) => {
    const [from, to] = [all[30]!.ledger, all[150]!.ledger]
    const path = `/events?order=${order}&limit=7&from_ledger=${from}&to_ledger=${to}`
    const read: string[] = []
    for (let next: string | null | undefined; next !== null;) {
      const { data, nextCursor } = await page(next ? `${path}&after=${next}` : path)
      read.push(...ids(data))
      next = nextCursor ?? null
    }
    const expected = ids(all.filter(({ ledger }) => ledger >= from && ledger <= to))
    expect(read).toEqual(order === 'asc' ? expected : expected.toReversed())
  })
})

test('the events of a user are those of the log with this user', async () => {
  const user = all.find(({ type }) => type === 'stream.cancelled')!.sender!
  const own = ids(all.filter((event) => [event.sender, event.recipient].includes(user)))
  expect(own.length).toBeGreaterThan(10)
  const events = `/users/${user}/events`
  const whole = await page(`${events}?limit=1000`)
  expect(ids(whole.data)).toEqual(own)
  expect(whole).toEqual(await page(`/events?limit=1000&users=${user}`))
  const narrow = 'types=stream.created&order=desc&limit=2'
  expect(await page(`${events}?${narrow}`)).toEqual(await page(`/events?users=${user}&${narrow}`))
  const stranger = recording.header.contractId
  expect(await page(`/users/${stranger}/events`)).toMatchObject({ data: [], nextCursor: null })
})

test('a page has 100 events of the log, or 50 of one stream or user, unless limit says otherwise', async () => {
  expect((await page('/events')).data).toHaveLength(100)
  const senders = [...new Set(all.flatMap(({ sender }) => sender ?? []))]
  const count = (user: string) => all.filter(({ sender }) => sender === user).length
  const busiest = senders.toSorted((a, b) => count(b) - count(a))[0]!
  expect((await page(`/users/${busiest}/events`)).data).toHaveLength(50)
})
