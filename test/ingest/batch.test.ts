import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { completeThrough } from '../../src/domain/cursor.ts'
import { SourceError } from '../../src/domain/errors.ts'
import type { IngestDeps } from '../../src/ingest/ingest.ts'
import { contents, ingestion, undisturbed } from '../support/ingestion.ts'
import { createMemoryNode } from '../support/memory-node.ts'
import { loadRecording } from '../support/recordings.ts'

const recording = await loadRecording('quirks')
/** All events are one page and one transaction. */
const whole = await undisturbed(recording)
const NO_LIMIT = Number.POSITIVE_INFINITY

function ingesting(ingest: Partial<IngestDeps>) {
  const node = createMemoryNode(recording)
  let commits = 0
  const onApplied = () => void (commits += 1)
  const it = ingestion({ recording, sources: [node.source], ingest: { onApplied, ...ingest } })
  return { ...it, node, commits: () => commits }
}

describe('P2: pages that share a transaction', () => {
  property.prop([fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 600 })], {
    numRuns: 10,
  })('P2: the rows are the same however pages share transactions', async (pageSize, events) => {
    const { store, catchUp } = ingesting({ pageSize, limits: { events, milliseconds: NO_LIMIT } })
    await catchUp()
    expect(contents(store)).toEqual(whole)
  })

  test('a transaction holds as many pages as the limit allows', async () => {
    const limits = { events: 200, milliseconds: NO_LIMIT }
    const { catchUp, commits } = ingesting({ pageSize: 50, limits })
    await catchUp()
    // 503 events: two full transactions and the rest.
    expect(commits()).toBe(3)
  })

  test('a page waits for its transaction no longer than the limit allows', async () => {
    const limits = { events: NO_LIMIT, milliseconds: 0 }
    const { catchUp, commits } = ingesting({ pageSize: 50, limits })
    await catchUp()
    expect(commits()).toBe(11)
  })

  test('P9: pages are stored even if the source fails before the transaction is full', async () => {
    const limits = { events: 10_000, milliseconds: NO_LIMIT }
    const { node, store, catchUp } = ingesting({ pageSize: 50, limits })
    let pages = 0
    node.fault = ({ method }) => {
      if (method !== 'getEvents') return undefined
      pages += 1
      return pages % 3 === 0 ? new SourceError('unreachable', 'connection refused') : undefined
    }
    const reached: number[] = []
    await catchUp(({ cursor }) => reached.push(completeThrough(cursor)))
    expect(reached.length).toBeGreaterThan(3)
    expect(contents(store)).toEqual(whole)
  })
})
