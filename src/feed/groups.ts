import { createHash } from 'node:crypto'
import type { EventFilter } from '../domain/filter.ts'
import type { LogEntry } from '../store/read/log.ts'
import type { Dialect } from './dialect.ts'
import { createGroup, NOT_LIVE } from './subscription.ts'
import type { Group, Subscription } from './subscription.ts'

/**
 * Subscriptions grouped by filter and dialect, and an index from streams and users to groups: the groups that
 * an event concerns are found without asking each of them.
 */
export interface Groups {
  /** Returns the group of a filter and dialect, with one more subscription. */
  enter(filter: EventFilter, dialect?: Dialect): Group
  /** One subscription less; true if the group is empty and gone. */
  exit(group: Group): boolean
  /** The subscription is live from now on. */
  join(sub: Subscription): void
  /** The subscription is no longer live; nothing happens if it was not. */
  leave(sub: Subscription): void
  /** How many subscriptions are live. */
  live(): number
  /** Calls back once for every group that matches the entry and has a live subscription. */
  match(entry: LogEntry, found: (group: Group) => void): void
}

export function createGroups(): Groups {
  const byKey = new Map<string, Group>()
  const byStream = createIndex()
  const byUser = createIndex()
  /** Groups without streams and users: every event concerns them. */
  const unrestricted = new Set<Group>()
  let live = 0
  let matches = 0

  function addToIndex(group: Group): void {
    if (isUnrestricted(group)) unrestricted.add(group)
    for (const stream of group.filter.streams) byStream.add(stream, group)
    for (const user of group.filter.users) byUser.add(user, group)
  }

  function removeFromIndex(group: Group): void {
    unrestricted.delete(group)
    for (const stream of group.filter.streams) byStream.delete(stream, group)
    for (const user of group.filter.users) byUser.delete(user, group)
  }

  return {
    enter(filter, dialect) {
      const key = dialect === undefined ? keyOf(filter) : `${dialect.name} ${keyOf(filter)}`
      let group = byKey.get(key)
      if (group === undefined) byKey.set(key, (group = createGroup(key, { filter, dialect })))
      group.size += 1
      return group
    },
    exit(group) {
      group.size -= 1
      return group.size === 0 && byKey.delete(group.key)
    },
    join(sub) {
      const { group } = sub
      if (sub.slot !== NOT_LIVE) return
      sub.slot = group.live.length
      live += 1
      if (sub.slot > 0) {
        group.live.push(sub)
        return
      }
      group.live = [sub]
      addToIndex(group)
    },
    leave(sub) {
      const { group } = sub
      if (sub.slot === NOT_LIVE) return
      // The last one takes the free slot.
      const last = group.live.pop()
      if (last !== undefined && last !== sub) {
        group.live[sub.slot] = last
        last.slot = sub.slot
      }
      sub.slot = NOT_LIVE
      live -= 1
      if (group.live.length === 0) removeFromIndex(group)
    },
    live: () => live,
    match({ streamId, sender, recipient, type }, found) {
      matches += 1
      const report = (group: Group) => {
        if (group.matched === matches) return
        group.matched = matches
        const { party } = group.filter
        if (party !== undefined && party !== sender && party !== recipient) return
        if (group.types?.has(type) ?? true) found(group)
      }
      unrestricted.forEach(report)
      if (streamId !== null) byStream.forEach(streamId, report)
      if (sender !== null) byUser.forEach(sender, report)
      if (recipient !== null) byUser.forEach(recipient, report)
    },
  }
}

/** Groups by stream or by user. Most have one group, for which a set would be a waste. */
function createIndex() {
  const groups = new Map<string, Group | Set<Group>>()
  return {
    add(key: string, group: Group): void {
      const known = groups.get(key)
      if (known instanceof Set) known.add(group)
      else if (known === undefined) groups.set(key, group)
      else if (known !== group) groups.set(key, new Set([known, group]))
    },
    delete(key: string, group: Group): void {
      const known = groups.get(key)
      if (known === group) groups.delete(key)
      else if (known instanceof Set && known.delete(group) && known.size === 0) groups.delete(key)
    },
    forEach(key: string, report: (group: Group) => void): void {
      const known = groups.get(key)
      if (known instanceof Set) known.forEach(report)
      else if (known !== undefined) report(known)
    },
  }
}

/**
 * Equal for filters that mean the same, and short even if their lists are long. What parses a
 * request sorts its lists already, and lists in order are sorted again in no time.
 */
function keyOf({ streams, users, types, party = '' }: EventFilter): string {
  const lists = [streams, users, types ?? ['*'], [party]]
  const key = lists.map((values) => values.toSorted().join()).join(';')
  return key.length <= 200 ? key : createHash('sha256').update(key).digest('base64')
}

function isUnrestricted({ filter }: Group): boolean {
  return filter.streams.length + filter.users.length === 0
}
