import { fc } from '@fast-check/vitest'
import { endOfLedger, ledgerOf } from '../../../src/domain/cursor.ts'
import type { Cursor } from '../../../src/domain/cursor.ts'
import { EVENT_TYPES } from '../../../src/domain/event.ts'
import { EVERYTHING } from '../../../src/domain/filter.ts'
import type { EventFilter } from '../../../src/domain/filter.ts'
import type { LogEntry } from '../../../src/store/read/log.ts'
import type { FeedSubscriber } from './sockets.ts'

/** What the property tests of the feed choose from, and what their clients do. */

export interface Parts {
  streams: string[]
  users: string[]
  positions: Cursor[]
}

export function partsOf(log: readonly LogEntry[]): Parts {
  const distinct = (values: (string | null)[]) =>
    [...new Set(values)].filter((value) => value !== null)
  return {
    streams: distinct(log.map(({ streamId }) => streamId)),
    users: distinct(log.flatMap(({ sender, recipient }) => [sender, recipient])),
    positions: log.flatMap(({ id }) => [id, endOfLedger(ledgerOf(id))]),
  }
}

export function anyFilter({ streams, users }: Parts): fc.Arbitrary<EventFilter> {
  const lists = fc.record({
    streams: some(streams),
    users: some(users),
    types: fc.option(fc.subarray([...EVENT_TYPES], { minLength: 1 }), { nil: undefined }),
  })
  const ofParty = fc.tuple(lists, fc.constantFrom(...users)).map(([filter, party]): EventFilter => {
    const hasLists = filter.streams.length + filter.users.length > 0
    return hasLists ? { ...filter, party } : filter
  })
  return fc.oneof(fc.constant(EVERYTHING), lists, ofParty)
}

function some(values: string[]): fc.Arbitrary<string[]> {
  return fc.subarray(values, { maxLength: Math.min(4, values.length) })
}

export const anyCommit = fc.record({
  kind: fc.constant('commit' as const),
  events: fc.oneof(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 160 })),
  wake: fc.boolean(),
})

/** So many turns of the event loop. */
export const anyTurns = fc.record({
  kind: fc.constant('turn' as const),
  times: fc.integer({ min: 1, max: 6 }),
})

/** Something that one of `readers` clients does. */
export function anyMove(readers: number) {
  return fc.record({
    kind: fc.constantFrom('pause' as const, 'read' as const, 'cut' as const),
    reader: fc.nat(readers - 1),
  })
}

/** Stops reading, and lets the feed's socket take nothing, as if all buffers between were full. */
export function standStill(client: FeedSubscriber | undefined): void {
  client?.socket.pause()
  if (client?.served.writableCorked === 0) client.served.cork()
}

export function readOn(client: FeedSubscriber | undefined): void {
  client?.socket.resume()
  client?.served.uncork()
}
