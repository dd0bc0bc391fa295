import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { MetricObjectWithValues, MetricValue } from 'prom-client'
import type { AuditStatus, SourceCounters } from '../domain/upstream.ts'
import type { Feed } from '../feed/feed.ts'
import type { Store } from '../store/store.ts'
import { countFeed } from './feed.ts'
import { contents, position } from '../store/read/summary.ts'

/** One metric of one process, as prom-client's `AggregatorRegistry` takes it. */
export type MetricValues = MetricObjectWithValues<MetricValue<string>>

export interface MetricsDeps {
  store: Store
  /** Undefined where others serve. */
  feed?: () => Feed
  /** Totals of a source with several endpoints. */
  sourceCounters?: (() => SourceCounters) | undefined
  /** Undefined where nobody audits. */
  audit?: () => AuditStatus
}

/**
 * Prometheus metrics. What the database and the feed know is read when somebody asks; only what
 * happens in passing is counted here.
 */
export interface Metrics {
  registry: Registry
  /** Everything as plain values, to be added to those of other processes. */
  values(): Promise<MetricValues[]>
  /** A page was applied, in so many seconds. */
  applied(seconds: number): void
  /** The feed has written a commit, or part of it, so many seconds after it was woken. */
  written(seconds: number): void
  /** No endpoint could answer; each endpoint's faults are in `sourceCounters`. */
  fault(): void
}

/** Every process that has the database says the same. */
const SAME = { aggregator: 'max' } as const

export function createMetrics({ store, feed, sourceCounters, audit }: MetricsDeps): Metrics {
  const registry = new Registry()
  const registers = [registry]
  // Under their conventional names, for dashboards that exist already.
  collectDefaultMetrics({ register: registry })

  /** Gauges that are read together from one place. */
  function gauges<N extends string>(
    help: Record<N, string>,
    read: () => Record<N, number | null | undefined>,
  ): void {
    const byName = new Map<N, Gauge>()
    for (const name of Object.keys(help) as N[]) {
      byName.set(name, new Gauge({ name: `flowfi_${name}`, help: help[name], registers, ...SAME }))
    }
    const [first] = byName.values()
    if (first === undefined) return
    // The first to be collected reads for all of them.
    Object.assign(first, {
      collect() {
        const values = read()
        for (const [name, gauge] of byName) gauge.set(values[name] ?? Number.NaN)
      },
    })
  }

  gauges(
    {
      checkpoint_ledger: 'Ledger of the checkpoint',
      tip_ledger: 'Newest ledger at the RPC',
      lag_ledgers: 'Ledgers between checkpoint and tip',
      lag_seconds: 'Ledger time between checkpoint and tip',
      runway_ledgers: 'Ledgers until the RPC would forget the checkpoint',
      runway_seconds: 'Ledger time until the RPC would forget the checkpoint',
    },
    () => {
      const checkpoint = store.coverage.checkpoint()
      const at = position(checkpoint)
      return {
        checkpoint_ledger: at.checkpoint?.ledger,
        tip_ledger: at.tip?.ledger,
        lag_ledgers: at.lagLedgers,
        lag_seconds: at.lagSeconds,
        runway_ledgers: at.runway?.ledgers,
        runway_seconds: secondsBetween(checkpoint?.oldestClosedAt, checkpoint?.ledgerClosedAt),
      }
    },
  )
  gauges(
    {
      streams: 'Streams in the projection',
      unrecognised_events: 'Events in the log that could not be decoded',
      gaps: 'Ranges of ledgers that are missing',
      gap_ledgers: 'Ledgers that are missing',
    },
    () => {
      const { counts, gaps } = contents(store)
      return {
        streams: counts.streams,
        unrecognised_events: counts.unrecognised,
        gaps: gaps.length,
        gap_ledgers: gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0),
      }
    },
  )
  const eventsTotal = new Gauge({
    name: 'flowfi_events',
    help: 'Events in the log, by type',
    labelNames: ['type'],
    registers,
    ...SAME,
    collect() {
      for (const [type, count] of store.log.counts()) eventsTotal.set({ type }, count)
    },
  })
  const written = feed === undefined ? () => {} : countFeed(feed, registry)
  const applySeconds = new Histogram({
    name: 'flowfi_apply_seconds',
    help: 'Time to decode and apply a page',
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
    registers,
  })
  const pages = new Counter({ name: 'flowfi_pages_total', help: 'Pages applied', registers })
  const retries = new Counter({
    name: 'flowfi_ingest_retries_total',
    help: 'Steps that no endpoint could answer and that were tried again',
    registers,
  })
  if (audit !== undefined) countAudits(audit, registry)
  if (sourceCounters !== undefined) countSource(sourceCounters, registry)

  return {
    registry,
    values: () => registry.getMetricsAsJSON(),
    applied(seconds) {
      pages.inc()
      applySeconds.observe(seconds)
    },
    written,
    fault: () => retries.inc(),
  }
}

function secondsBetween(from: number | null | undefined, to: number | null | undefined) {
  return typeof from === 'number' && typeof to === 'number' ? to - from : undefined
}

/** What the last whole audit found, and what all of them have. */
function countAudits(read: () => AuditStatus, registry: Registry): void {
  const registers = [registry]
  const streams = new Gauge({
    name: 'flowfi_audit_streams',
    help: 'Streams compared with the chain by the last audit, by what came of it',
    labelNames: ['class'],
    registers,
    collect() {
      for (const [name, count] of Object.entries(read().last?.counts ?? {})) {
        streams.set({ class: name }, count)
      }
    },
  })
  const expiring = new Gauge({
    name: 'flowfi_audit_expiring_streams',
    help: 'Active streams whose entry will be archived within a week, or is',
    registers,
    collect() {
      expiring.set(read().last?.expiring ?? Number.NaN)
    },
  })
  const finished = new Gauge({
    name: 'flowfi_audit_finished_timestamp_seconds',
    help: 'When the last audit ended, Unix time',
    registers,
    collect() {
      finished.set(read().last?.finishedAt ?? Number.NaN)
    },
  })
  const drift = new Counter({
    name: 'flowfi_audit_drift_total',
    help: 'Streams found to differ from the chain',
    registers,
    collect() {
      drift.reset()
      drift.inc(read().driftTotal)
    },
  })
  const repaired = new Counter({
    name: 'flowfi_audit_repaired_total',
    help: 'Streams that were given the record of the chain, for whatever reason',
    registers,
    collect() {
      repaired.reset()
      repaired.inc(read().repairedTotal)
    },
  })
}

/** The source counts for itself; its totals are taken over when somebody asks. */
function countSource(read: () => SourceCounters, registry: Registry): void {
  const registers = [registry]
  const perEndpoint = { labelNames: ['endpoint'], registers }
  const failovers = new Counter({
    name: 'flowfi_source_failovers_total',
    help: 'Times that pages came to be from another endpoint',
    registers,
    collect() {
      failovers.reset()
      failovers.inc(read().failovers)
    },
  })
  const disagreements = new Counter({
    name: 'flowfi_source_disagreements_total',
    help: 'Pages on which two endpoints did not agree',
    registers,
    collect() {
      disagreements.reset()
      disagreements.inc(read().disagreements)
    },
  })
  const answers = new Counter({
    name: 'flowfi_source_pages_total',
    help: 'Pages answered, by endpoint',
    ...perEndpoint,
    collect() {
      answers.reset()
      for (const { url, pages } of read().endpoints) answers.inc({ endpoint: url }, pages)
    },
  })
  const faults = new Counter({
    name: 'flowfi_source_faults_total',
    help: 'Failed calls, by endpoint and kind',
    labelNames: ['endpoint', 'fault'],
    registers,
    collect() {
      faults.reset()
      for (const { url, faults: byKind } of read().endpoints) {
        for (const [fault, count] of Object.entries(byKind))
          faults.inc({ endpoint: url, fault }, count)
      }
    },
  })
}
