import { fc, test as property } from '@fast-check/vitest'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import { completeThrough } from '../../src/domain/cursor.ts'
import { SourceError } from '../../src/domain/errors.ts'
import { createIngest } from '../../src/ingest/ingest.ts'
import type { IngestDeps } from '../../src/ingest/ingest.ts'
import { createRecordingSource } from '../../src/source/recording-source.ts'
import { dump, loadRecording, memoryStore } from '../support/recordings.ts'

const recording = await loadRecording('quirks')
const { contractId, network } = recording.header
const never = new AbortController().signal

function ingestion(more: Partial<IngestDeps> = {}) {
  const store = memoryStore()
  let commits = 0
  const ingest = createIngest({
    source: createRecordingSource(recording, contractId),
    coverage: store.coverage,
    writer: store.writer,
    decode: createDecoder(),
    startLedger: 'oldest',
    identity: { networkPassphrase: network.passphrase, contractId },
    log: pino({ level: 'silent' }),
    onApplied: () => (commits += 1),
    random: () => 0,
    sleep: async () => {},
    ...more,
  })
  return { store, ingest, commits: () => commits }
}

const limits = (events: number) => ({ events, milliseconds: Number.POSITIVE_INFINITY })
const onePage = ingestion({ limits: limits(1) })
await onePage.ingest.catchUp(never, () => {})

describe('P2: pages that share a transaction', () => {
  property.prop([fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 600 })], {
    numRuns: 10,
  })(
    'P2: shared transactions leave the same rows as one transaction for each page',
    async (pageSize, events) => {
      const joined = ingestion({ pageSize, limits: limits(events) })
      await joined.ingest.catchUp(never, () => {})
      expect(dump(joined.store)).toEqual(dump(onePage.store))
    },
  )

  test('a transaction holds as many pages as the limit allows', async () => {
    const { ingest, commits } = ingestion({ pageSize: 50, limits: limits(200) })
    await ingest.catchUp(never, () => {})
    // 503 events: two full transactions and the rest.
    expect(commits()).toBe(3)
  })

  test('a page waits for its transaction no longer than the limit allows', async () => {
    const { ingest, commits } = ingestion({
      pageSize: 50,
      limits: { events: Number.POSITIVE_INFINITY, milliseconds: 0 },
    })
    await ingest.catchUp(never, () => {})
    expect(commits()).toBe(11)
  })

  test('P9: pages are stored even if the source fails before the transaction is full', async () => {
    const inner = createRecordingSource(recording, contractId)
    let calls = 0
    const reached: number[] = []
    const { store, ingest } = ingestion({
      pageSize: 50,
      limits: limits(10_000),
      source: {
        ...inner,
        async page(start, limit, signal) {
          calls += 1
          if (calls % 3 === 0) throw new SourceError('unreachable', 'connection refused')
          return inner.page(start, limit, signal)
        },
      },
    })
    await ingest.catchUp(never, ({ cursor }) => reached.push(completeThrough(cursor)))
    expect(reached.length).toBeGreaterThan(3)
    const { checkpoint: _, ...rows } = dump(onePage.store)
    expect(dump(store)).toMatchObject(rows)
  })
})
