import { completeThrough, endOfLedger, later } from '../../../src/domain/cursor.ts'
import type { Cursor } from '../../../src/domain/cursor.ts'
import type { Recording } from '../../../src/simulator/recording.ts'
import { EVERYTHING } from '../../../src/domain/filter.ts'
import type { EventFilter } from '../../../src/domain/filter.ts'
import type { LogEntry } from '../../../src/store/read/log.ts'
import type { DecodedEvent } from '../../../src/store/write/scanned-page.ts'
import type { WritableStore } from '../../../src/store/store.ts'
import { decoded, memoryStore, rawEvents } from '../recordings.ts'

/** A filter that no event matches. */
export const QUIET: EventFilter = { ...EVERYTHING, streams: ['18446744073709551615'] }

/** The events of a chain, to be committed in pages of any size. */
export interface Chain {
  events: readonly DecodedEvent[]
  firstLedger: number
  lastLedger: number
}

/** The events of a recording, or the first `most` of them. */
export function chainOf(recording: Recording, most = Number.POSITIVE_INFINITY): Chain {
  const events: DecodedEvent[] = []
  for (const ledger of recording.ledgers) {
    if (events.length >= most) break
    events.push(...decoded(rawEvents(recording, ledger)))
  }
  const kept = events.slice(0, most)
  const firstLedger = recording.header.firstLedger
  const { sequence } = recording.ledgers.at(-1)!
  const lastLedger = kept.length < most ? sequence : kept.at(-1)!.event.ledger
  return { events: kept, firstLedger, lastLedger }
}

export interface Committer {
  /** Commits the next events in one transaction; 0: the empty ledgers up to the next event. */
  commit(count: number): void
  /** Commits everything that is left. */
  rest(): void
  /** Declares a gap of so many ledgers after the checkpoint; nothing before the first commit. */
  lose(ledgers: number): void
  left(): number
}

export function committer(store: WritableStore, chain: Chain): Committer {
  const { events, firstLedger, lastLedger } = chain
  let done = 0
  let position: Cursor | undefined

  function apply(batch: readonly DecodedEvent[], cursor: Cursor): void {
    const scannedFrom = position === undefined ? firstLedger : completeThrough(position) + 1
    const tip = { ledger: lastLedger, closedAt: undefined }
    store.writer.apply({ events: batch, cursor, scannedFrom, closedAt: undefined, tip })
    done += batch.length
    position = cursor
  }

  function commit(count: number): void {
    const batch = events.slice(done, done + count)
    const following = events[done + batch.length]?.event
    const through = endOfLedger(following === undefined ? lastLedger : following.ledger - 1)
    const last = batch.at(-1)?.event.id ?? position ?? through
    // A page that ends inside a ledger ends at its last event.
    apply(batch, later(last, through))
  }

  return {
    commit,
    rest: () => commit(events.length - done),
    lose(ledgers) {
      if (position === undefined) return
      const from = completeThrough(position) + 1
      const to = Math.min(from + ledgers - 1, lastLedger - 1)
      if (to < from) return
      const lost = { from, to, reason: 'retention', declaredAt: 1 }
      position = endOfLedger(to)
      store.writer.declareGap(lost)
      const next = events.findIndex(({ event }) => event.ledger > to)
      done = next === -1 ? events.length : next
    },
    left: () => events.length - done,
  }
}

export function logOf(store: WritableStore): LogEntry[] {
  return store.log.page({ filter: EVERYTHING, limit: 100_000 }).entries
}

/** A log with the first events of a chain, and the means to commit the others. */
export function logWith(chain: Chain, events: number): { store: WritableStore; log: Committer } {
  const store = memoryStore()
  const log = committer(store, chain)
  if (events > 0) log.commit(events)
  return { store, log }
}

/** How many events to commit so that the log ends inside a ledger, after two events of it. */
export function amidLedger({ events }: Chain): number {
  const ledgers = Map.groupBy(events, ({ event }) => event.ledger)
  const [first] = [...ledgers.values()].find(({ length }) => length > 4)!
  return events.indexOf(first!) + 2
}

/** What a filter means, written a second time and in another way. */
export function matches(entry: LogEntry, { streams, users, types, party }: EventFilter): boolean {
  if (party !== undefined && ![entry.sender, entry.recipient].includes(party)) return false
  if (types !== undefined && !types.includes(entry.type)) return false
  if (streams.length + users.length === 0) return true
  const parties = [entry.sender, entry.recipient]
  return (
    (entry.streamId !== null && streams.includes(entry.streamId)) ||
    parties.some((party) => party !== null && users.includes(party))
  )
}
