/**
 * Prometheus metrics. The parts of the program keep their own totals, which are read when someone
 * asks. Only what leaves no trace elsewhere, such as how long a step took, is counted here.
 *
 * - `registry.ts` the registry, and metrics that are read on demand
 * - `store.ts`, `feed.ts`, `source.ts`, `audit.ts`, `node.ts` what is measured, by part
 */
import { collectDefaultMetrics } from 'prom-client'
import type { MetricObjectWithValues, MetricValue, Registry } from 'prom-client'
import type { NodeStatus } from '../domain/node-status.ts'
import type { AuditStatus, SourceCounters } from '../domain/upstream.ts'
import type { Feed } from '../feed/feed.ts'
import type { Store } from '../store/store.ts'
import { measureAudit } from './audit.ts'
import { measureFeed } from './feed.ts'
import { measureNode } from './node.ts'
import { createRegistry } from './registry.ts'
import { measureSource } from './source.ts'
import { measureStore } from './store.ts'

/** One metric of one process, as prom-client's `AggregatorRegistry` takes it. */
export type MetricValues = MetricObjectWithValues<MetricValue<string>>

export interface MetricsDeps {
  store: Store
  /** Totals of the RPCs; undefined if this process does not index. */
  sourceCounters?: (() => SourceCounters) | undefined
  /** Undefined if this process does not audit. */
  audit?: () => AuditStatus
  /** On several machines, if this process indexes. */
  node?: (() => NodeStatus | undefined) | undefined
}

export interface Metrics {
  registry: Registry
  /** All metrics as plain values, to be combined with those of other processes. */
  values(): Promise<MetricValues[]>
  /** Adds the metrics of a feed, if this process has one. */
  measureFeed(feed: Feed): void
  /** A page was applied in so many seconds. */
  applied(seconds: number): void
  /** The feed has written a commit, or a part of it, so many seconds after it was woken. */
  written(seconds: number): void
  /** No endpoint could answer; each endpoint's faults are in `sourceCounters`. */
  fault(): void
}

export function createMetrics({ store, sourceCounters, audit, node }: MetricsDeps): Metrics {
  const registry = createRegistry()
  const { prometheus } = registry
  // These keep their conventional names, for dashboards that exist already.
  collectDefaultMetrics({ register: prometheus })
  measureStore(registry, store)
  const observeApply = registry.histogram({
    name: 'apply_seconds',
    help: 'Time to decode and apply a page',
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
  })
  const countPage = registry.tally({ name: 'pages_total', help: 'Pages applied' })
  const countRetry = registry.tally({
    name: 'ingest_retries_total',
    help: 'Steps that were tried again because no endpoint could answer',
  })
  if (audit !== undefined) measureAudit(registry, audit)
  if (sourceCounters !== undefined) measureSource(registry, sourceCounters)
  if (node !== undefined) measureNode(registry, node)
  let observeWrite: ((seconds: number) => void) | undefined

  return {
    registry: prometheus,
    values: () => prometheus.getMetricsAsJSON(),
    measureFeed(feed) {
      observeWrite = measureFeed(registry, feed)
    },
    applied(seconds) {
      countPage()
      observeApply(seconds)
    },
    written: (seconds) => observeWrite?.(seconds),
    fault: countRetry,
  }
}
