import { Counter, Gauge, Histogram, Registry } from 'prom-client'

/** Values by label, for example `[{ reason: 'full' }, 3]`. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number]

interface Described {
  /** Without the prefix `flowfi_`. */
  name: string
  help: string
  labels?: readonly string[]
}

/**
 * A Prometheus registry for programs that count for themselves: most metrics are functions that
 * read a value or a total when someone asks.
 */
export interface ReadRegistry {
  prometheus: Registry
  /** A total that only grows. */
  counter(metric: Described & { read(): number | Iterable<Sample> }): void
  gauge(metric: Described & Shared & { read(): number | Iterable<Sample> }): void
  /** Gauges without labels that are read together; a value that is not known is NaN. */
  gauges<N extends string>(
    help: Record<N, string>,
    read: () => Record<N, number | null | undefined>,
  ): void
  /** Returns how to observe a value, in seconds. */
  histogram(metric: Described & { buckets: number[] }): (seconds: number) => void
  /** Returns how to count one. */
  tally(metric: Described): () => void
}

interface Shared {
  /** Every process reports the same value: they are not added up. */
  isShared?: boolean
}

export function createRegistry(): ReadRegistry {
  const prometheus = new Registry()

  function common({ name, help, labels = [] }: Described) {
    return { name: `flowfi_${name}`, help, labelNames: [...labels], registers: [prometheus] }
  }

  function gauge({ read, isShared = false, ...metric }: Parameters<ReadRegistry['gauge']>[0]) {
    const instrument: Gauge = new Gauge({
      ...common(metric),
      ...(isShared && SHARED),
      collect() {
        instrument.reset()
        for (const [labels, value] of samples(read())) instrument.set(labels, value)
      },
    })
  }

  return {
    prometheus,
    gauge,
    counter({ read, ...metric }) {
      const instrument: Counter = new Counter({
        ...common(metric),
        collect() {
          instrument.reset()
          for (const [labels, total] of samples(read())) instrument.inc(labels, total)
        },
      })
    },
    gauges(help, read) {
      const names = Object.keys(help) as (keyof typeof help)[]
      let values: Partial<ReturnType<typeof read>> = {}
      for (const [index, name] of names.entries()) {
        gauge({
          name,
          help: help[name],
          isShared: true,
          read() {
            // Metrics are collected in the order of their registration: the first reads for all.
            if (index === 0) values = read()
            return values[name] ?? Number.NaN
          },
        })
      }
    },
    histogram({ buckets, ...metric }) {
      const instrument = new Histogram({ ...common(metric), buckets })
      return (seconds) => instrument.observe(seconds)
    },
    tally(metric) {
      const instrument = new Counter(common(metric))
      return () => instrument.inc()
    },
  }
}

const SHARED = { aggregator: 'max' } as const

function samples(read: number | Iterable<Sample>): Iterable<Sample> {
  return typeof read === 'number' ? [[{}, read]] : read
}

/** One sample for each entry of a record or a map. */
export function* samplesBy(
  label: string,
  values: Readonly<Record<string, number>> | Iterable<readonly [string, number]>,
): Generator<Sample, void> {
  const entries = Symbol.iterator in values ? values : Object.entries(values)
  for (const [name, value] of entries) yield [{ [label]: name }, value]
}
