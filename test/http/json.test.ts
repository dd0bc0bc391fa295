import { expect, test } from 'vitest'
import { streamJson } from '../../src/domain/stream-json.ts'
import { StreamJson } from '../../src/http/json.ts'
import { scannedLedger, loadRecording, memoryStore } from '../support/recordings.ts'

const TIMES = ['startTime', 'lastUpdateTime', 'endTime', 'endedAt', 'pausedAt'] as const

test('every time inside a stream is a number of Unix seconds, whatever the field is called', async () => {
  const recording = await loadRecording('lively')
  const store = memoryStore()
  for (const ledger of recording.ledgers) store.writer.apply(scannedLedger(recording, ledger))
  const { streams } = store.streams.page({ sort: 'created', order: 'asc', limit: 200 })
  const shown = streams.map((stream) => streamJson(stream, 0n))
  for (const json of shown) expect(StreamJson.parse(json)).toEqual(json)
  for (const name of TIMES) {
    const times = shown.map((json) => json[name]).filter((time) => time !== null)
    expect([name, new Set(times.map((time) => typeof time))]).toEqual([name, new Set(['number'])])
  }
  const ended = shown.filter(({ status }) => status === 'cancelled' || status === 'completed')
  expect(ended.length).toBeGreaterThan(0)
  expect(ended.every(({ endedAt }) => endedAt !== null)).toBe(true)
})
