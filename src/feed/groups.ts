import { createHash } from 'node:crypto'
import type { EventFilter } from '../domain/filter.ts'
import type { LogEntry } from '../store/read/log.ts'
import { createGroup, NOT_LIVE } from './subscription.ts'
import type { Group, Subscription } from './subscription.ts'

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

/** Groups by stream or by user: most have a stream of their own, for which a set would be a waste. */
type Index = Map<string, Group | Set<Group>>

export function createGroups(): Groups {
  const byKey = new Map<string, Group>()
  const byStream: Index = new Map()
  const byUser: Index = new Map()
  const all = new Set<Group>()
  let joined = 0
  let matches = 0

  function enlist(group: Group): void {
    if (matchesEverything(group)) all.add(group)
    for (const stream of group.filter.streams) add(byStream, stream, group)
    for (const user of group.filter.users) add(byUser, user, group)
  }

  function strike(group: Group): void {
    all.delete(group)
    for (const stream of group.filter.streams) remove(byStream, stream, group)
    for (const user of group.filter.users) remove(byUser, user, group)
  }

  return {
    enter(filter) {
      const key = keyOf(filter)
      let group = byKey.get(key)
      if (group === undefined) byKey.set(key, (group = createGroup(key, filter)))
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
      joined += 1
      if (sub.slot > 0) {
        group.live.push(sub)
        return
      }
      group.live = [sub]
      enlist(group)
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
    match({ streamId, sender, recipient, type }, found) {
      matches += 1
      const report = (group: Group) => {
        if (group.matched === matches) return
        group.matched = matches
        if (group.types?.has(type) ?? true) found(group)
      }
      all.forEach(report)
      if (streamId !== null) each(byStream.get(streamId), report)
      if (sender !== null) each(byUser.get(sender), report)
      if (recipient !== null) each(byUser.get(recipient), report)
    },
  }
}

function add(index: Index, key: string, group: Group): void {
  const there = index.get(key)
  if (there instanceof Set) there.add(group)
  else if (there !== group) index.set(key, there === undefined ? group : new Set([there, group]))
}

function remove(index: Index, key: string, group: Group): void {
  const there = index.get(key)
  if (there === group) index.delete(key)
  else if (there instanceof Set && there.delete(group) && there.size === 0) index.delete(key)
}

function each(there: Group | Set<Group> | undefined, report: (group: Group) => void): void {
  if (there instanceof Set) there.forEach(report)
  else if (there !== undefined) report(there)
}

/** The same for filters that mean the same; short, however long their lists are. */
function keyOf({ streams, users, types }: EventFilter): string {
  const key = [streams, users, types ?? ['*']].map((values) => values.toSorted().join()).join(';')
  return key.length <= 200 ? key : createHash('sha256').update(key).digest('base64')
}

function matchesEverything({ filter }: Group): boolean {
  return filter.streams.length === 0 && filter.users.length === 0
}
