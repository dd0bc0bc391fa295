import { setImmediate as turn } from 'node:timers/promises'
import { fc, test as property } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { endOfLedger, ORIGIN } from '../../src/domain/cursor.ts'
import type { EventFilter } from '../../src/domain/filter.ts'
import { isEvent } from '../support/feed/client.ts'
import { chainOf, committer, logOf, matches } from '../support/feed/log.ts'
import type { Chain } from '../support/feed/log.ts'
import { openFeed, settled } from '../support/feed/sockets.ts'
import type { FeedSetup, FeedSubscriber } from '../support/feed/sockets.ts'
import {
  anyCommit,
  anyFilter,
  anyMove,
  anyTurns,
  partsOf,
  readOn,
  standStill,
} from '../support/feed/worlds.ts'
import { loadRecording, memoryStore } from '../support/recordings.ts'

/** Few enough to be written sixty times, and more than two pages of the feed. */
const CHAINS = [
  chainOf(await loadRecording('first-steps')),
  chainOf(await loadRecording('quirks'), 300),
]

/** A client that is cut off now and then, is slow at times, and always comes back. */
interface Reader {
  filter: EventFilter
  cursor: string
  chunked: boolean
  /** Undefined while it is away. */
  client: FeedSubscriber | undefined
  /** The start position, as the feed said. */
  origin: string | undefined
  ids: string[]
  data: string[]
  /** The ends of the gaps that it got a reset for. */
  gaps: string[]
}

const step = fc.oneof(
  { weight: 3, arbitrary: anyCommit },
  { weight: 4, arbitrary: anyMove(3) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('lose' as const),
      ledgers: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 2, arbitrary: anyTurns },
)

function worldOf(chain: Chain) {
  const store = memoryStore()
  committer(store, chain).rest()
  const parts = partsOf(logOf(store))
  store.close()
  const reader = fc.record({
    filter: anyFilter(parts),
    cursor: fc.oneof(
      fc.constantFrom('earliest', 'now', ORIGIN),
      fc.constantFrom(...parts.positions),
    ),
    chunked: fc.boolean(),
  })
  return fc.record({
    chain: fc.constant(chain),
    readers: fc.tuple(reader, reader, reader),
    /** Events that are in the log before the first subscription. */
    before: fc.oneof(fc.constant(0), fc.nat(chain.events.length)),
    steps: fc.array(step, { maxLength: 40 }),
    /** How many bytes a socket takes before it is full. */
    highWaterMark: fc.constantFrom(1, 4_096, 65_536),
    /** Sockets that the feed writes to in one turn. */
    writesPerTurn: fc.constantFrom(1, 2, 400),
  })
}

async function come(reader: Reader, feed: FeedSetup): Promise<void> {
  const { filter, chunked } = reader
  const cursor = reader.ids.at(-1) ?? reader.cursor
  reader.client = await feed.subscribe({ filter, chunked, cursor })
}

/** Keeps what the reader has got; what has not arrived is lost with the connection. */
function note(reader: Reader): void {
  for (const message of reader.client?.messages.splice(0) ?? []) {
    const { id, text, data } = message
    if (data['type'] === 'connected') reader.origin ??= id
    else if (data['reason'] === 'gap') reader.gaps.push(id!)
    else if (isEvent(message)) reader.data.push(text)
    if (id !== undefined) reader.ids.push(id)
  }
}

describe('P6: exactly the suffix', () => {
  property.prop([fc.oneof(...CHAINS.map(worldOf))], { numRuns: 60 })(
    'a subscription gets every matching event after its start and every gap, once and in order, whatever is committed or lost, however slowly it reads and however often it is cut off',
    async ({ chain, readers: wanted, before, steps, highWaterMark, writesPerTurn }) => {
      const store = memoryStore()
      const log = committer(store, chain)
      if (before > 0) log.commit(before)
      const feed = await openFeed({
        store,
        tip: () => chain.lastLedger,
        highWaterMark,
        limits: { writesPerTurn },
      })
      const readers = wanted.map((each): Reader => ({
        ...each,
        client: undefined,
        origin: undefined,
        ids: [],
        data: [],
        gaps: [],
      }))
      for (const reader of readers) await come(reader, feed)

      for (const each of steps) {
        switch (each.kind) {
          case 'commit':
            log.commit(each.events)
            if (each.wake) feed.feed.wake()
            break
          case 'lose':
            log.lose(each.ledgers)
            break
          case 'turn':
            for (let times = each.times; times > 0; times -= 1) await turn()
            break
          case 'pause':
            standStill(readers[each.reader]!.client)
            break
          case 'read':
            readOn(readers[each.reader]!.client)
            break
          case 'cut': {
            const reader = readers[each.reader]!
            note(reader)
            if (reader.client === undefined) {
              await come(reader, feed)
            } else {
              reader.client.socket.destroy()
              reader.client = undefined
            }
          }
        }
      }

      log.rest()
      feed.feed.wake()
      for (const reader of readers) {
        if (reader.client === undefined) await come(reader, feed)
        readOn(reader.client)
      }
      const { live } = await settled(feed, readers.length)
      expect(live).toBe(readers.length)
      await feed.feed.close(0)
      const entries = logOf(store)
      for (const reader of readers) {
        await reader.client!.until(({ ended }) => ended)
        note(reader)
        const suffix = entries.filter((entry) => {
          return entry.id > reader.origin! && matches(entry, reader.filter)
        })
        expect(reader.data).toEqual(suffix.map(({ data }) => data))
        expect(reader.ids).toEqual(reader.ids.toSorted())
        const gaps = store.coverage.gaps().map(({ to }) => endOfLedger(to))
        expect(reader.gaps).toEqual(gaps.filter((end) => end > reader.origin!))
      }
      expect(feed.feed.stats()).toMatchObject({ activeConnections: 0, activeIps: 0 })
      await feed.close()
      store.close()
    },
  )
})
