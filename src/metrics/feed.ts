import { Counter, Gauge, Histogram } from 'prom-client'
import type { Registry } from 'prom-client'
import type { Feed } from '../feed/feed.ts'

/**
 * The feed's metrics. It counts for itself; its totals are taken over when somebody asks. Returned
 * is what has to be told as it happens: how long a commit took to be written to subscriptions.
 */
export function countFeed(read: () => Feed, registry: Registry): (seconds: number) => void {
  const registers = [registry]

  function totals(
    name: string,
    help: string,
    label: string,
    current: () => Readonly<Record<string, number>>,
  ): void {
    const counter = new Counter({
      name: `flowfi_${name}`,
      help,
      labelNames: [label],
      registers,
      collect() {
        counter.reset()
        for (const [value, count] of Object.entries(current())) {
          counter.inc({ [label]: value }, count)
        }
      },
    })
  }

  function total(name: string, help: string, current: () => number): void {
    const counter = new Counter({
      name: `flowfi_${name}`,
      help,
      registers,
      collect() {
        counter.reset()
        counter.inc(current())
      },
    })
  }

  const counters = () => read().counters()
  const subscriptions = new Gauge({
    name: 'flowfi_subscriptions',
    help: 'Open subscriptions, by mode',
    labelNames: ['mode'],
    registers,
    collect() {
      const { live, replaying, stalled } = read().stats()
      for (const [mode, count] of Object.entries({ live, replaying, stalled })) {
        subscriptions.set({ mode }, count)
      }
    },
  })
  total('subscriptions_opened_total', 'Subscriptions opened', () => counters().opened)
  totals('subscriptions_closed_total', 'Subscriptions closed, by reason', 'reason', () => {
    return counters().closed
  })
  totals('subscriptions_refused_total', 'Subscriptions refused, by reason', 'reason', () => {
    return counters().refused
  })
  totals(
    'subscriptions_resumed_total',
    'Positions that clients came back with, by what became of them',
    'result',
    () => counters().resumed,
  )
  totals(
    'feed_events_total',
    'Events written, to those at the head and to those behind',
    'mode',
    () => {
      const { delivered: live, replayed: replay } = counters()
      return { live, replay }
    },
  )
  totals('feed_pulls_total', 'Pages read by those behind, by where from', 'from', () => {
    const { pulls, pulledFromCache: cache } = counters()
    return { log: pulls - cache, cache }
  })
  total('feed_bytes_total', 'Bytes written to subscriptions', () => counters().bytes)
  const writeSeconds = new Histogram({
    name: 'flowfi_feed_write_seconds',
    help: 'From the moment that the feed is woken for a commit to its writes, a few hundred at a time',
    buckets: [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1],
    registers,
  })
  return (seconds) => writeSeconds.observe(seconds)
}
