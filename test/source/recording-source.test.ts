import { describe, expect, test } from 'vitest'
import { createRecordingSource } from '../../src/source/recording-source.ts'
import type { Recording } from '../../src/simulator/recording.ts'
import type { LedgerSource } from '../../src/source/source.ts'
import { loadRecording } from '../support/recordings.ts'
import { describeLedgerSource } from './ledger-source.suite.ts'

const never = new AbortController().signal

describeLedgerSource('a recording', async (recording) => ({
  source: createRecordingSource(recording, recording.header.contractId),
  close: async () => {},
}))

describe('a recording as a source', () => {
  function firstPage(source: LedgerSource, { header }: Recording) {
    return source.page({ startLedger: header.firstLedger }, 1_000, never)
  }

  test('the source has the events of the given contract, not only of the recorded one', async () => {
    const recording = await loadRecording('first-steps')
    const all = recording.ledgers.flatMap(({ events = [] }) => events)
    const token = all.find(({ contractId }) => contractId !== recording.header.contractId)!
    const source = createRecordingSource(recording, token.contractId)
    const { events } = await firstPage(source, recording)
    const expected = all.filter(({ contractId }) => contractId === token.contractId)
    expect(events.map(({ id }) => id)).toEqual(expected.map(({ id }) => id))
  })

  test('events of calls that were rolled back are left out', async () => {
    const { header, ledgers } = await loadRecording('first-steps')
    const recording = {
      header,
      ledgers: ledgers.map((ledger) => ({
        ...ledger,
        events: (ledger.events ?? []).map((event) => ({
          ...event,
          inSuccessfulContractCall: false,
        })),
      })),
    }
    const source = createRecordingSource(recording, header.contractId)
    expect((await firstPage(source, recording)).events).toEqual([])
  })

  test('a recording without ledgers is not ready', async () => {
    const { header } = await loadRecording('first-steps')
    const recording = { header, ledgers: [] }
    const source = createRecordingSource(recording, header.contractId)
    await expect(source.range(never)).rejects.toMatchObject({ fault: 'not_ready' })
    await expect(firstPage(source, recording)).rejects.toMatchObject({ fault: 'not_ready' })
  })
})
