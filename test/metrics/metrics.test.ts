import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { TestContext } from 'vitest'
import { ORIGIN } from '../../src/domain/cursor.ts'
import { createMetrics } from '../../src/metrics/metrics.ts'
import { position } from '../../src/store/read/summary.ts'
import { useFeed } from '../support/feed/sockets.ts'
import { scannedLedger, loadRecording, memoryStore } from '../support/recordings.ts'

const AUDITED = {
  bootstrapped: true,
  running: false,
  last: {
    finishedAt: 1_800_000_000,
    ledger: 7,
    counts: { ok: 5, drift: 1, before_log: 4, not_yet: 0, archived: 0 },
    repaired: 1,
    expiring: 2,
    drift: [],
  },
  driftTotal: 3,
  repairedTotal: 4,
  lastError: null,
}

const NODE = {
  name: 'a',
  role: 'follower' as const,
  leader: 'b',
  leaseUntil: null,
  carrierLag: 2,
  waitsFor: null,
}

async function metricsOf(context: TestContext, store = memoryStore()) {
  const { feed, subscribe } = await useFeed(context, { store })
  for (let count = 0; count < 2; count += 1) {
    const client = await subscribe({ cursor: count === 0 ? 'now' : ORIGIN })
    await client.until((c) => c.named('caught_up').length > 0)
  }
  feed.countRefusal('user')
  const metrics = createMetrics({
    store,
    audit: () => AUDITED,
    sourceCounters: () => ({
      failovers: 3,
      disagreements: 0,
      disagreement: null,
      endpoints: [{ url: 'http://a/', pages: 7, faults: { busy: 2 }, overtaken: 0, probes: 0 }],
    }),
    node: () => NODE,
  })
  metrics.measureFeed(feed)
  const { registry } = metrics
  return { registry, text: await registry.metrics() }
}

test('the README lists exactly the metrics that there are', async (context) => {
  const { registry } = await metricsOf(context)
  const names = registry
    .getMetricsAsArray()
    .map(({ name }) => name)
    .filter((name) => !/^(process|nodejs)_/.test(name))
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const [, section = ''] = /^### Metrics\n([^]*?)^### /m.exec(readme) ?? []
  const named = [...section.matchAll(/`(flowfi_[a-z_]+)(\{[a-z,]+\})?`/g)].map(([, name]) => name)
  expect(named.toSorted()).toEqual(names.toSorted())
})

test('process metrics keep their conventional names, and every fault has its endpoint', async (context) => {
  const { registry, text } = await metricsOf(context)
  expect(text).toMatch(/^process_cpu_seconds_total /m)
  expect(text).toMatch(/^nodejs_eventloop_lag_seconds /m)
  const faults = registry.getMetricsAsArray().filter(({ name }) => name.includes('fault'))
  expect(faults).not.toEqual([])
  for (const { name } of faults) expect(text).toContain(`${name}{endpoint=`)
})

test('the lag is never negative, even if the last RPC to answer has an older tip', async (context) => {
  const recording = await loadRecording('first-steps')
  const store = memoryStore()
  for (const ledger of recording.ledgers) store.writer.apply(scannedLedger(recording, ledger))
  store.sqlite.exec('update checkpoint set tip_ledger = tip_ledger - 5')
  expect((await metricsOf(context, store)).text).toMatch(/^flowfi_lag_ledgers 0$/m)
  expect(position(store.coverage.checkpoint())).toMatchObject({ lagLedgers: 0 })
})

test('metrics show the store and the feed at the moment of the request', async (context) => {
  const recording = await loadRecording('first-steps')
  const store = memoryStore()
  expect((await metricsOf(context, store)).text).toMatch(/^flowfi_checkpoint_ledger Nan$/im)
  for (const ledger of recording.ledgers) store.writer.apply(scannedLedger(recording, ledger))
  const { text } = await metricsOf(context, store)
  expect(text).toMatch(/^flowfi_checkpoint_ledger 1500021$/m)
  expect(text).toMatch(/^flowfi_events\{type="stream.created"\} \d+$/m)
  expect(text).toMatch(/^flowfi_lag_ledgers 0$/m)
  expect(text).toMatch(/^flowfi_source_faults_total\{endpoint="http:\/\/a\/",fault="busy"\} 2$/m)
  expect(text).toMatch(/^flowfi_subscriptions\{mode="live"\} 2$/m)
  expect(text).toMatch(/^flowfi_subscriptions_opened_total 2$/m)
  expect(text).toMatch(/^flowfi_subscriptions_refused_total\{reason="user"\} 1$/m)
  expect(text).toMatch(/^flowfi_audit_streams\{class="drift"\} 1$/m)
  expect(text).toMatch(/^flowfi_audit_repaired_total 4$/m)
  expect(text).toMatch(/^flowfi_subscriptions_resumed_total\{result="expired"\} 1$/m)
  expect(text).toMatch(/^flowfi_feed_events_total\{mode="replay"\} \d\d+$/m)
  expect(text).toMatch(/^flowfi_feed_pulls_total\{from="log"\} [1-9]/m)
  expect(text).toMatch(/^flowfi_feed_bytes_total [1-9]\d{3}/m)
})
