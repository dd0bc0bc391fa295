import type { LogEntry } from '../store/log.ts'
import type { Subscription } from './subscription.ts'

/** Which live subscriptions an event concerns, found without asking each of them. */
export interface FilterIndex {
  add(sub: Subscription): void
  delete(sub: Subscription): void
  /** Calls back for every matching subscription, once each. */
  match(entry: LogEntry, found: (sub: Subscription) => void): void
}

export function createFilterIndex(): FilterIndex {
  const byStream = new Map<string, Set<Subscription>>()
  const byUser = new Map<string, Set<Subscription>>()
  const all = new Set<Subscription>()

  function* setsOf({ filter }: Subscription): Generator<[Map<string, Set<Subscription>>, string]> {
    for (const stream of filter.streams) yield [byStream, stream]
    for (const user of filter.users) yield [byUser, user]
  }

  return {
    add(sub) {
      if (matchesEverything(sub)) all.add(sub)
      for (const [map, key] of setsOf(sub)) {
        const set = map.get(key)
        if (set === undefined) map.set(key, new Set([sub]))
        else set.add(sub)
      }
    },
    delete(sub) {
      all.delete(sub)
      for (const [map, key] of setsOf(sub)) {
        const set = map.get(key)
        set?.delete(sub)
        if (set?.size === 0) map.delete(key)
      }
    },
    match(entry, found) {
      const { streamId, sender, recipient, type } = entry
      const report = (sub: Subscription) => {
        if (sub.types?.has(type) ?? true) found(sub)
      }
      all.forEach(report)
      const streams = streamId === null ? undefined : byStream.get(streamId)
      const senders = sender === null ? undefined : byUser.get(sender)
      const recipients =
        recipient === null || recipient === sender ? undefined : byUser.get(recipient)
      streams?.forEach(report)
      senders?.forEach((sub) => {
        if (!streams?.has(sub)) report(sub)
      })
      recipients?.forEach((sub) => {
        if (!streams?.has(sub) && !senders?.has(sub)) report(sub)
      })
    },
  }
}

function matchesEverything({ filter }: Subscription): boolean {
  return filter.streams.length === 0 && filter.users.length === 0
}
