import { fc, test as property } from '@fast-check/vitest'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { EVENT_TYPES } from '../../src/domain/event.ts'
import { EVERYTHING } from '../../src/domain/filter.ts'
import type { EventFilter } from '../../src/domain/filter.ts'
import { createLog } from '../../src/store/read/log.ts'
import type { LogEntry } from '../../src/store/read/log.ts'
import { drain } from '../support/drain.ts'
import { scannedLedger, loadRecording, memoryStore } from '../support/recordings.ts'

const recording = await loadRecording('quirks')
const store = memoryStore()
for (const ledger of recording.ledgers) store.writer.apply(scannedLedger(recording, ledger))
/** The same log, but no type counts as rare. */
const frequent = memoryStore()
for (const ledger of recording.ledgers) frequent.writer.apply(scannedLedger(recording, ledger))
frequent.sqlite.exec('update event_counts set count = count + 1000000')
const all = store.log.page({ filter: EVERYTHING, limit: 10_000 }).entries
const users = [...new Set(all.flatMap(({ sender, recipient }) => [sender, recipient]))].filter(
  (user) => user !== null,
)
const streams = [...new Set(all.flatMap(({ streamId }) => streamId ?? []))]

const filter = fc
  .record({
    streams: fc.subarray([...streams, '18446744073709551615'], { maxLength: 6 }),
    users: fc.subarray(users, { maxLength: 4 }),
    types: fc.option(fc.subarray([...EVENT_TYPES], { minLength: 1 }), { nil: undefined }),
    party: fc.option(fc.constantFrom(...users)),
  })
  .map(({ party, ...lists }): EventFilter => (party === null ? lists : { ...lists, party }))
const position = fc.option(fc.constantFrom(...all.map(({ id }) => id)), { nil: undefined })

function matches(entry: LogEntry, { streams: ids, users: parties, types, party }: EventFilter) {
  if (party !== undefined && ![entry.sender, entry.recipient].includes(party)) return false
  if (types !== undefined && !types.includes(entry.type)) return false
  if (ids.length + parties.length === 0) return true
  return (
    (entry.streamId !== null && ids.includes(entry.streamId)) ||
    (entry.sender !== null && parties.includes(entry.sender)) ||
    (entry.recipient !== null && parties.includes(entry.recipient))
  )
}

describe('reading the log', () => {
  property.prop([
    filter,
    position,
    position,
    fc.constantFrom('asc', 'desc'),
    fc.integer({ min: 1, max: 40 }),
  ])(
    'pages of the log give exactly the matches between two positions, in order',
    (wanted, after, before, order, limit) => {
      const read: LogEntry[] = []
      let next = order === 'asc' ? after : before
      do {
        const bounds = order === 'asc' ? { after: next, before } : { after, before: next }
        const page = store.log.page({ filter: wanted, ...bounds, order, limit })
        expect(page.entries.length).toBeLessThanOrEqual(limit)
        read.push(...page.entries)
        next = page.next
      } while (next !== undefined)
      const expected = all.filter(
        (entry) =>
          matches(entry, wanted) &&
          entry.id > (after ?? '') &&
          (before === undefined || entry.id < before),
      )
      if (order === 'desc') expected.reverse()
      expect(read).toEqual(expected)
    },
  )

  // How a scan finds the matches depends on the number of keys and on whether a type is rare.
  const padding = Array.from({ length: 100 }, (_, at) => `900000${at}`)
  property.prop([
    filter,
    fc.record({ after: position, before: position, through: position }),
    fc.constantFrom('asc', 'desc'),
    fc.integer({ min: 1, max: 40 }),
    fc.record({ isWide: fc.boolean(), isFrequent: fc.boolean() }),
  ])(
    'P8: a scan gives the same in full pages, and a walk at once, however it finds the matches, for a party too',
    (wanted, { after, before, through }, order, limit, { isWide, isFrequent }) => {
      const filter =
        isWide && wanted.streams.length > 0
          ? { ...wanted, streams: [...wanted.streams, ...padding] }
          : wanted
      const { scan, walk, entries } = (isFrequent ? frequent : store).log
      const read: LogEntry[] = []
      let next = order === 'asc' ? after : before
      do {
        const bounds = order === 'asc' ? { after: next, before } : { after, before: next }
        const page = drain(scan({ filter, ...bounds, through, order, limit }))
        if (page.next !== undefined) expect(page.entries).toHaveLength(limit)
        read.push(...page.entries)
        next = page.next
      } while (next !== undefined)
      const expected = all.filter(
        (entry) =>
          matches(entry, wanted) &&
          entry.id > (after ?? '') &&
          (before === undefined || entry.id < before) &&
          (through === undefined || entry.id <= through),
      )
      if (order === 'desc') expected.reverse()
      expect(read).toEqual(expected)
      const ids = [...walk({ filter, after, before, through, order })].flat()
      expect(entries(ids)).toEqual(expected)
    },
  )

  property.prop([position])('a page includes the position `through`', (through) => {
    const page = store.log.page({ filter: EVERYTHING, through, limit: 10_000 })
    expect(page.entries).toEqual(all.filter(({ id }) => through === undefined || id <= through))
  })

  property.prop([position, position, fc.integer({ min: 1, max: 400 })])(
    'joined entries are the same, page by page, as one text',
    (after = '', through = '~', limit) => {
      const around = ['<', 'ü', '|', '>'] as const
      let text = ''
      let count = 0
      let next: string | undefined = after
      do {
        const page = store.log.joined({ after: next, through, limit, around })
        text += page.text?.toString() ?? ''
        count += page.count
        if (page.next !== undefined) expect(page.next).toBe(page.last)
        next = page.next
      } while (next !== undefined)
      const expected = all.filter(({ id }) => id > after && id <= through)
      expect(count).toBe(expected.length)
      expect(text).toBe(expected.map(({ type, data, id }) => `<${type}ü${data}|${id}>`).join(''))
    },
  )

  test('P8: no read of the log scans a table', () => {
    const plans = [
      'select id, type from events indexed by events_by_stream where stream_id = ? and id > ? and id < ? order by id asc limit ?',
      'select id, type from events indexed by events_by_recipient where recipient = ? and id > ? and id < ? order by id desc limit ?',
      'select id, data from events where id > ? and id < ? order by id asc limit ?',
    ].map((query) =>
      store.sqlite
        .prepare(`explain query plan ${query}`)
        .all(...query.match(/\?/g)!.map(() => '1')),
    )
    for (const plan of plans.flat() as { detail: string }[]) {
      expect(plan.detail).toMatch(/^SEARCH/)
      expect(plan.detail).not.toMatch(/TEMP B-TREE/)
    }
  })
})

test('a party gets the events that name it of a stream whose creation is missing in the log', () => {
  const sqlite = new Database(store.sqlite.serialize())
  const named = all.find(({ type }) => type === 'stream.cancelled')!
  sqlite.exec(`delete from events where stream_id = '${named.streamId}' and id < '${named.id}';
    delete from streams where stream_id = '${named.streamId}'`)
  const { scan, page } = createLog(sqlite)
  const { streamId, sender } = named
  const filter = { streams: [streamId!], users: [], types: undefined, party: sender! }
  expect(drain(scan({ filter, limit: 10 })).entries).toContainEqual(named)
  expect(page({ filter, limit: 10 }).entries).toContainEqual(named)
})

test('events that a party may not see do not make a scan take longer', () => {
  const sqlite = new Database(store.sqlite.serialize())
  const columns = (sqlite.pragma('table_info(events)') as { name: string }[]).map(
    ({ name }) => name,
  )
  const replaced: Record<string, string> = {
    id: `printf('%019d-%010d', 99, value)`,
    stream_id: `'777'`,
    sender: `'busy'`,
    recipient: `'busy'`,
  }
  const template = all.find(({ streamId }) => streamId !== null)!
  sqlite.exec(`with recursive n(value) as (select 1 union all select value + 1 from n where value < 3000)
    insert into events (${columns.join()}) select ${columns.map((name) => replaced[name] ?? name).join()}
    from events, n where id = '${template.id}'`)
  sqlite.exec(`create temp table hidden as select * from streams limit 1;
    update hidden set stream_id = '777', sender = 'busy', recipient = 'busy';
    insert into streams select * from hidden`)
  const log = createLog(sqlite)
  const stepsOf = (lists: Partial<EventFilter>) => {
    const steps = log.scan({
      filter: { streams: [], users: [], types: undefined, party: template.sender!, ...lists },
      limit: 100,
    })
    let count = 1
    while (steps.next().done !== true) count += 1
    return count
  }
  expect(stepsOf({ streams: ['777'] })).toBe(stepsOf({ streams: ['778'] }))
  expect(stepsOf({ users: ['busy'] })).toBe(stepsOf({ users: ['nobody'] }))
})
