import { describe, expect, test } from 'vitest'
import { claimable } from '../../src/domain/stream.ts'
import { createStreams } from '../../src/store/read/streams.ts'
import {
  scannedLedger,
  loadRecording,
  memoryStore,
  RECORDINGS,
  seconds,
} from '../support/recordings.ts'
import type { RecordingName } from '../support/recordings.ts'

/** A recording has the records as the contract wrote them on the chain. */
describe.each(Object.keys(RECORDINGS) as RecordingName[])('replaying %s', (name) => {
  test('P5: the streams equal the chain’s records at every ledger that has one', async () => {
    const recording = await loadRecording(name)
    const store = memoryStore()
    const streams = createStreams(store.sqlite)
    let records = 0
    let answers = 0
    for (const ledger of recording.ledgers) {
      store.writer.apply(scannedLedger(recording, ledger))
      for (const record of ledger.streams ?? []) {
        const stream = streams.byId(String(record['streamId']))
        const mirrored = Object.fromEntries(
          Object.keys(record).map((field) => [
            field,
            plain(stream?.[field as keyof typeof stream]),
          ]),
        )
        expect(mirrored, `stream ${String(record['streamId'])} at ${ledger.sequence}`).toEqual(
          record,
        )
        records += 1
      }
      for (const [streamId, amount] of ledger.claimable ?? []) {
        const stream = streams.byId(streamId)
        const now = BigInt(seconds(ledger.closedAt))
        const answer = stream && claimable(stream, now).toString()
        expect(answer, `claimable of ${streamId} at ${ledger.sequence}`).toBe(amount)
        answers += 1
      }
    }
    expect(records).toBeGreaterThan(8)
    expect(answers).toBeGreaterThan(8)
    expect(store.log.counts().get('unrecognised') ?? 0).toBe(0)
    store.close()
  })
})

function plain(value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
