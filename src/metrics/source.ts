import type { SourceCounters } from '../domain/upstream.ts'
import type { ReadRegistry, Sample } from './registry.ts'

/** Totals of the RPCs that the indexer reads from. */
export function measureSource(registry: ReadRegistry, counters: () => SourceCounters): void {
  registry.counter({
    name: 'source_failovers_total',
    help: 'How often pages began to come from another endpoint',
    read: () => counters().failovers,
  })
  registry.counter({
    name: 'source_disagreements_total',
    help: 'Pages on which two endpoints did not agree',
    read: () => counters().disagreements,
  })
  registry.counter({
    name: 'source_pages_total',
    help: 'Pages answered, by endpoint',
    labels: ['endpoint'],
    read: () => counters().endpoints.map(({ url, pages }): Sample => [{ endpoint: url }, pages]),
  })
  registry.counter({
    name: 'source_faults_total',
    help: 'Failed calls, by endpoint and kind',
    labels: ['endpoint', 'fault'],
    read: () =>
      counters().endpoints.flatMap(({ url, faults }) =>
        Object.entries(faults).map(([fault, count]): Sample => [{ endpoint: url, fault }, count]),
      ),
  })
}
