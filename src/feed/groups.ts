import { createHash } from 'node:crypto'
import { ORIGIN } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import type { EventFilter, LogEntry } from '../store/log.ts'
import type { Bytes } from './frame.ts'
import type { Page } from './pages.ts'
import { NOT_LIVE } from './subscription.ts'
import type { Subscription } from './subscription.ts'

/** The subscriptions with one filter: what matches is found, and made into bytes, once for all. */
export interface Group {
  readonly key: string
  readonly filter: EventFilter
  readonly types: ReadonlySet<string> | undefined
  /** Those at the head, in no order. */
  readonly live: Subscription[]
  /** How many subscriptions there are, wherever they stand. */
  size: number
  /** What the current page of the log has for it; emptied when the page has been handed out. */
  due: Bytes[]
  /** The id of the last event in `due`. */
  dueLast: Cursor
  /** Pages of the log that were made for it and are still kept. */
  readonly pages: Page[]
}

/** Which subscriptions an event concerns, found without asking each of them. */
export interface Groups {
  /** The group of a filter, counted one larger. */
  enter(filter: EventFilter): Group
  /** The reverse of `enter`; true when the group is gone. */
  exit(group: Group): boolean
  join(sub: Subscription): void
  leave(sub: Subscription): void
  /** How many have joined. */
  live(): number
  /** Calls back for every group that matches and has somebody live, once each. */
  match(entry: LogEntry, found: (group: Group) => void): void
}

export function createGroups(): Groups {
  const byKey = new Map<string, Group>()
  const byStream = new Map<string, Set<Group>>()
  const byUser = new Map<string, Set<Group>>()
  const all = new Set<Group>()
  let joined = 0

  function* setsOf({ filter }: Group): Generator<[Map<string, Set<Group>>, string]> {
    for (const stream of filter.streams) yield [byStream, stream]
    for (const user of filter.users) yield [byUser, user]
  }

  function enlist(group: Group): void {
    if (matchesEverything(group)) all.add(group)
    for (const [map, key] of setsOf(group)) {
      const set = map.get(key)
      if (set === undefined) map.set(key, new Set([group]))
      else set.add(group)
    }
  }

  function strike(group: Group): void {
    all.delete(group)
    for (const [map, key] of setsOf(group)) {
      const set = map.get(key)
      set?.delete(group)
      if (set?.size === 0) map.delete(key)
    }
  }

  return {
    enter(filter) {
      const key = keyOf(filter)
      let group = byKey.get(key)
      if (group === undefined) {
        const types = filter.types && new Set(filter.types)
        group = { key, filter, types, live: [], size: 0, due: [], dueLast: ORIGIN, pages: [] }
        byKey.set(key, group)
      }
      group.size += 1
      return group
    },
    exit(group) {
      group.size -= 1
      return group.size === 0 && byKey.delete(group.key)
    },
    join(sub) {
      const { live } = sub.group
      if (sub.slot !== NOT_LIVE) return
      if (live.length === 0) enlist(sub.group)
      sub.slot = live.length
      live.push(sub)
      joined += 1
    },
    leave(sub) {
      const { live } = sub.group
      if (sub.slot === NOT_LIVE) return
      const last = live.pop()
      if (last !== undefined && last !== sub) {
        live[sub.slot] = last
        last.slot = sub.slot
      }
      sub.slot = NOT_LIVE
      joined -= 1
      if (live.length === 0) strike(sub.group)
    },
    live: () => joined,
    match(entry, found) {
      const { streamId, sender, recipient, type } = entry
      const report = (group: Group) => {
        if (group.types?.has(type) ?? true) found(group)
      }
      all.forEach(report)
      const streams = streamId === null ? undefined : byStream.get(streamId)
      const senders = sender === null ? undefined : byUser.get(sender)
      const recipients =
        recipient === null || recipient === sender ? undefined : byUser.get(recipient)
      streams?.forEach(report)
      senders?.forEach((group) => {
        if (!streams?.has(group)) report(group)
      })
      recipients?.forEach((group) => {
        if (!streams?.has(group) && !senders?.has(group)) report(group)
      })
    },
  }
}

/** The same for filters that mean the same; short, however long their lists are. */
function keyOf({ streams, users, types }: EventFilter): string {
  const key = [streams, users, types ?? ['*']].map((values) => values.toSorted().join()).join(';')
  return key.length <= 200 ? key : createHash('sha256').update(key).digest('base64')
}

function matchesEverything({ filter }: Group): boolean {
  return filter.streams.length === 0 && filter.users.length === 0
}
