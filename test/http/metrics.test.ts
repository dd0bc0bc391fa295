import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Feed } from '../../src/feed/feed.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { ledgerBatch, loadRecording, memoryStore } from '../support/recordings.ts'

const NO_SUBSCRIPTIONS = { live: 2, replaying: 1, stalled: 0 } as ReturnType<Feed['stats']>

async function metricsOf(store = memoryStore()) {
  const feed = { stats: () => NO_SUBSCRIPTIONS } as Feed
  const { registry } = createMetrics({
    store,
    feed: () => feed,
    sourceCounters: () => ({
      failovers: 3,
      disagreements: 0,
      endpoints: [{ url: 'http://a/', pages: 7, faults: { busy: 2 } }],
    }),
  })
  return { registry, text: await registry.metrics() }
}

test('the README names every metric, and no other', async () => {
  const { registry } = await metricsOf()
  const names = registry
    .getMetricsAsArray()
    .map(({ name }) => name)
    .filter((name) => !/^flowfi_(process|nodejs)_/.test(name))
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const named = [...readme.matchAll(/`(flowfi_[a-z_]+)(\{[a-z,]+\})?`/g)].map(([, name]) => name)
  expect(named.toSorted()).toEqual(names.toSorted())
})

test('metrics tell what the store holds at the moment they are asked for', async () => {
  const recording = await loadRecording('first-steps')
  const store = memoryStore()
  expect((await metricsOf(store)).text).toMatch(/^flowfi_checkpoint_ledger Nan$/im)
  for (const ledger of recording.ledgers) store.writer.apply(ledgerBatch(recording, ledger))
  const { text } = await metricsOf(store)
  expect(text).toMatch(/^flowfi_checkpoint_ledger 1500021$/m)
  expect(text).toMatch(/^flowfi_events\{type="stream.created"\} \d+$/m)
  expect(text).toMatch(/^flowfi_lag_ledgers 0$/m)
  expect(text).toMatch(/^flowfi_source_faults_total\{endpoint="http:\/\/a\/",fault="busy"\} 2$/m)
  expect(text).toMatch(/^flowfi_subscriptions\{mode="live"\} 2$/m)
})
