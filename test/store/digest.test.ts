import { describe, expect, test } from 'vitest'
import type { ScannedPage } from '../../src/store/write/scanned-page.ts'
import { loadRecording, memoryStore, scannedLedger } from '../support/recordings.ts'
import type { TestStore } from '../support/recordings.ts'

const recording = await loadRecording('quirks')
const ledgers = recording.ledgers.map((ledger) => scannedLedger(recording, ledger))

function stored(pages: readonly ScannedPage[]): TestStore {
  const store = memoryStore()
  for (const page of pages) store.writer.apply(page)
  return store
}

/** All ledgers in one page. */
function joined(): ScannedPage {
  const events = ledgers.flatMap((page) => page.events)
  return { ...ledgers.at(-1)!, scannedFrom: ledgers[0]!.scannedFrom, events }
}

const DIGEST = stored(ledgers).digest()

describe('the digest of a database', () => {
  test('is one SHA-256, the same wherever pages were cut and however often they came', () => {
    expect(DIGEST).toMatch(/^[0-9a-f]{64}$/)
    expect(stored([joined()]).digest()).toBe(DIGEST)
    expect(stored([...ledgers, ...ledgers.slice(0, 40)]).digest()).toBe(DIGEST)
  })

  test('says nothing about when something was read', () => {
    const store = stored(ledgers)
    const [{ stream_id: streamId }] = store.sqlite
      .prepare('select stream_id from streams limit 1')
      .all() as [{ stream_id: string }]
    store.writer.setLifetimes([{ streamId: BigInt(streamId), liveUntilLedger: 9_999_999 }])
    store.writer.rebuild()
    store.sqlite.exec('update checkpoint set tip_ledger = tip_ledger + 7, oldest_ledger = 1')
    expect(store.digest()).toBe(DIGEST)
  })

  test('is another one after any difference in log, state, coverage, gaps or checkpoint', () => {
    const different = [
      `update events set sender = null where id = (select min(id) from events where sender is not null)`,
      `update events set type = 'stream.paused' where id = (select min(id) from events)`,
      `update events set raw = replace(raw, '"value":"', '"value":"AAAA') where id = (select max(id) from events)`,
      `delete from events where id = (select max(id) from events)`,
      `update streams set withdrawn_amount = withdrawn_amount || '0' where stream_id = '1'`,
      `update streams set last_event_id = null where stream_id = '1'`,
      `delete from streams where stream_id = '1'`,
      `update coverage set from_ledger = from_ledger + 1`,
      `insert into gaps values (1, 2, 'outside_retention', 0, 0)`,
      `update checkpoint set cursor = substr(cursor, 1, 29) || '3'`,
    ]
    const digests = different.map((change) => {
      const store = stored(ledgers)
      expect(store.sqlite.prepare(change).run().changes, change).toBe(1)
      return store.digest()
    })
    expect(new Set([DIGEST, ...digests]).size).toBe(different.length + 1)
  })
})
