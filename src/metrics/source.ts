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
  for (const [name, help, count] of BY_ENDPOINT) {
    registry.counter({
      name,
      help,
      labels: ['endpoint'],
      read: () => counters().endpoints.map((each): Sample => [{ endpoint: each.url }, each[count]]),
    })
  }
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

const BY_ENDPOINT = [
  ['source_pages_total', 'Pages answered, by endpoint', 'pages'],
  [
    'source_overtaken_total',
    'Pages for which another endpoint was faster, though it was asked later, by endpoint',
    'overtaken',
  ],
  ['source_probes_total', 'Probes sent, answered or not, by endpoint', 'probes'],
] as const
