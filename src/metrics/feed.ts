import type { Feed } from '../feed/feed.ts'
import { samplesBy } from './registry.ts'
import type { ReadRegistry } from './registry.ts'

/** Subscriptions and what they are sent. Returns how to observe the time that a commit took. */
export function measureFeed(registry: ReadRegistry, feed: Feed): (seconds: number) => void {
  const counters = feed.counters()
  registry.gauge({
    name: 'subscriptions',
    help: 'Open subscriptions, by mode',
    labels: ['mode'],
    read() {
      const { live, replaying, stalled } = feed.stats()
      return samplesBy('mode', { live, replaying, stalled })
    },
  })
  registry.counter({
    name: 'subscriptions_opened_total',
    help: 'Subscriptions opened',
    read: () => counters.opened,
  })
  registry.counter({
    name: 'subscriptions_closed_total',
    help: 'Subscriptions closed, by reason',
    labels: ['reason'],
    read: () => samplesBy('reason', counters.closed),
  })
  registry.counter({
    name: 'subscriptions_refused_total',
    help: 'Subscriptions refused, by reason',
    labels: ['reason'],
    read: () => samplesBy('reason', counters.refused),
  })
  registry.counter({
    name: 'subscriptions_resumed_total',
    help: 'Positions that clients resumed from, by what became of them',
    labels: ['result'],
    read: () => samplesBy('result', counters.resumed),
  })
  registry.counter({
    name: 'feed_events_total',
    help: 'Events written to live and to replaying subscriptions',
    labels: ['mode'],
    read: () => samplesBy('mode', { live: counters.delivered, replay: counters.replayed }),
  })
  registry.counter({
    name: 'feed_pulls_total',
    help: 'Pages read for replays, by where from',
    labels: ['from'],
    read() {
      const { pulls, pulledFromCache: cache } = counters
      return samplesBy('from', { log: pulls - cache, cache })
    },
  })
  registry.counter({
    name: 'feed_bytes_total',
    help: 'Bytes written to subscriptions',
    read: () => counters.bytes,
  })
  return registry.histogram({
    name: 'feed_write_seconds',
    help: 'From the moment the feed is woken for a commit to its writes, a few hundred at a time',
    buckets: [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1],
  })
}
