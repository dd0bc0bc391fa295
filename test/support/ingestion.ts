import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import { completeThrough } from '../../src/domain/cursor.ts'
import { createIngest } from '../../src/ingest/ingest.ts'
import type { IngestDeps } from '../../src/ingest/ingest.ts'
import { createFailoverSource } from '../../src/failover/failover.ts'
import type { FailoverOptions } from '../../src/failover/failover.ts'
import { createRecordingSource } from '../../src/source/recording-source.ts'
import type { Recording } from '../../src/simulator/recording.ts'
import type { LedgerSource } from '../../src/source/source.ts'
import { dump, memoryStore } from './recordings.ts'
import type { TestStore } from './recordings.ts'
import { createVirtualTime } from './virtual-time.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface IngestionOptions {
  recording: Recording
  sources: readonly LedgerSource[]
  store?: TestStore
  ingest?: Partial<IngestDeps>
  failover?: Partial<FailoverOptions>
  /** Changes what failover sees of a source; time passes while the change sleeps. */
  disturb?: (source: LedgerSource, context: { time: VirtualTime; index: number }) => LedgerSource
}

/** Ingestion as in the daemon, over one or several RPCs, in virtual time. */
export function ingestion({
  recording,
  sources,
  store = memoryStore(),
  disturb = (source) => source,
  ...more
}: IngestionOptions) {
  const { contractId, network } = recording.header
  const { coverage, writer } = store
  const time = createVirtualTime()
  const log = pino({ level: 'silent' })
  const { now, sleep, after } = time
  const random = () => 0
  const source = createFailoverSource({
    endpoints: sources.map((each, index) => ({
      name: 'abc'[index]!,
      source: disturb(time.around(each), { time, index }),
    })),
    networkPassphrase: network.passphrase,
    contractId,
    log,
    callTimeoutMs: 60_000,
    now,
    after,
    random,
    ...more.failover,
  })
  const ingest = createIngest({
    source,
    coverage,
    writer,
    decode: createDecoder(),
    startLedger: 'oldest',
    identity: { networkPassphrase: network.passphrase, contractId },
    log,
    onApplied() {},
    now,
    sleep,
    random,
    ...more.ingest,
  })
  const stopping = new AbortController()
  let ended: unknown
  const { signal } = stopping
  onTestFinished(async () => {
    stopping.abort()
    await source.close()
  })
  /** The last ledger that the log is complete through. */
  const reached = () => {
    const checkpoint = coverage.checkpoint()
    return checkpoint === undefined ? 0 : completeThrough(checkpoint.cursor)
  }

  return {
    time,
    source,
    store,
    coverage,
    ingest,
    reached,
    /** Runs as in the daemon. Returns what ended it. */
    async start(): Promise<unknown> {
      ended = await ingest.run(signal).then(
        () => 'stopped',
        (error: unknown) => error,
      )
      return ended
    },
    stop: () => stopping.abort(),
    /** Lets time pass until the log is complete through this ledger. */
    async untilReached(ledger: number): Promise<void> {
      await time.until(() => reached() >= ledger || ended !== undefined)
      if (reached() < ledger) throw new Error('ingestion has ended', { cause: ended })
    },
    catchUp: (onPage: Parameters<typeof ingest.catchUp>[0] = () => {}) =>
      time.during(ingest.catchUp(onPage, signal)),
  }
}

/** What the log holds if nothing goes wrong. */
export async function undisturbed(recording: Recording) {
  const { contractId, network } = recording.header
  const store = memoryStore()
  const ingest = createIngest({
    source: createRecordingSource(recording, contractId),
    coverage: store.coverage,
    writer: store.writer,
    decode: createDecoder(),
    startLedger: 'oldest',
    identity: { networkPassphrase: network.passphrase, contractId },
    log: pino({ level: 'silent' }),
    onApplied() {},
  })
  await ingest.catchUp(() => {}, new AbortController().signal)
  return contents(store)
}

/** Everything that a user sees of the log, except what the source said about itself. */
export function contents(store: TestStore) {
  const { events, streams, coverage, gaps, event_counts: counts } = dump(store)
  return { events, streams, coverage, gaps, counts }
}
