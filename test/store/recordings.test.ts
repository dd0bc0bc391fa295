import { describe, expect, test } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { formulaAt } from '../../src/domain/derivation.ts'
import { claimable } from '../../src/domain/stream.ts'
import type { Recording } from '../../src/simulator/recording.ts'
import { createHeldView } from '../../src/store/read/held.ts'
import { createStreams } from '../../src/store/read/streams.ts'
import { byId, chainAt, recordOf } from '../support/chain-records.ts'
import { evaluate } from '../support/formula.ts'
import { lastLedger } from '../support/recorded.ts'
import {
  scannedLedger,
  loadRecording,
  memoryStore,
  RECORDINGS,
  seconds,
} from '../support/recordings.ts'
import type { RecordingName, TestStore } from '../support/recordings.ts'

/** A recording has the records as the contract wrote them on the chain. */
describe.each(Object.keys(RECORDINGS) as RecordingName[])('replaying %s', (name) => {
  test('P5: the streams equal the chain’s records at every ledger that has one, and later as of any ledger', async () => {
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
    expectPast(recording, store)
    store.close()
  })
})

function plain(value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}

const LEDGERS = 50
const STREAMS_PER_LEDGER = 8
const decode = createDecoder()

/** Some streams, at ledgers all over the recording, equal the records that the chain had then. */
function expectPast(recording: Recording, { sqlite }: TestStore): void {
  const { history } = createHeldView(sqlite)
  const first = recording.header.firstLedger
  const length = lastLedger(recording) - first
  for (let at = 1; at <= LEDGERS; at += 1) {
    const ledger = first + Math.floor((length * at) / LEDGERS)
    const { claimable: answers = [] } =
      recording.ledgers.find(({ sequence }) => sequence === ledger) ?? {}
    const chain = byId(chainAt(recording, ledger))
    const some = [...chain.keys()].filter(
      (_, index) => index % Math.ceil(chain.size / STREAMS_PER_LEDGER) === 0,
    )
    const asked = answers.map(([streamId]) => BigInt(streamId))
    for (const streamId of new Set([...some, ...asked])) {
      const query = { streamId, through: endOfLedger(ledger), decode }
      const changes = [...history.changes(query)].flat()
      const stream = changes.at(-1)!.stream
      expect(recordOf(stream), `stream ${streamId} as of ${ledger}`).toEqual(chain.get(streamId))
      const time = BigInt(history.closeTime(ledger)!)
      const amount = claimable(stream, time)
      const formula = formulaAt(stream, time)
      expect(evaluate(formula), formula).toEqual({ calculated: amount, stated: amount })
      const answer = answers.find(([id]) => BigInt(id) === streamId)?.[1]
      if (answer !== undefined) expect(amount.toString()).toBe(answer)
    }
  }
}
