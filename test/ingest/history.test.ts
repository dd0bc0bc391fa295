import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import { rememberHash } from '../../src/ingest/history.ts'
import { createIngest } from '../../src/ingest/ingest.ts'
import { createFailoverSource } from '../../src/source/failover.ts'
import type { Recording } from '../../src/source/recording.ts'
import { createRecordingSource } from '../../src/source/recording-source.ts'
import type { WritableStore } from '../../src/store/store.ts'
import { dump, ledgerBatch, loadRecording, memoryStore, seconds } from '../support/recordings.ts'

const recording = await loadRecording('quirks')
const { contractId, network, firstLedger } = recording.header

/** The same ledgers, after the network was reset and everything happened again. */
const again: Recording = {
  ...recording,
  ledgers: recording.ledgers.map((ledger) => ({
    ...ledger,
    hash: ledger.hash.replaceAll(/./g, 'e'),
  })),
}

/** A network that has only just begun. */
const young: Recording = {
  header: { ...recording.header, firstLedger: 2 },
  ledgers: [{ sequence: 2, hash: 'ab'.repeat(32), closedAt: '2026-12-16T17:00:00Z' }],
}

function ingesting(chain: Recording, store: WritableStore) {
  const { coverage, writer } = store
  const log = pino({ level: 'silent' })
  return createIngest({
    source: createFailoverSource({
      endpoints: [{ name: 'a', source: createRecordingSource(chain, contractId) }],
      networkPassphrase: network.passphrase,
      contractId,
      log,
      callTimeoutMs: 60_000,
    }),
    coverage,
    writer,
    decode: createDecoder(),
    startLedger: 'oldest',
    identity: { networkPassphrase: network.passphrase, contractId },
    log,
    onApplied: () => {},
    random: () => 0,
  })
}

async function indexed(): Promise<WritableStore> {
  const store = memoryStore()
  await ingesting(recording, store).catchUp(new AbortController().signal, () => {})
  return store
}

describe('a network that has started over', () => {
  test.each([
    ['with other ledgers under the same numbers', again, /ledger \d+ was \w+ and is eee/],
    ['far below our checkpoint', young, /the tip is ledger 2, and the log ends at/],
  ])('is noticed %s, and nothing of it is added', async (_, chain, evidence) => {
    const store = await indexed()
    const before = dump(store)
    const ingest = ingesting(chain, store)
    const stopping = new AbortController()
    onTestFinished(() => stopping.abort())
    const run = ingest.run(stopping.signal)
    await expect.poll(() => ingest.status().alarm).toMatch(evidence)
    expect(ingest.status().alarm).toMatch(/start --fresh/)
    stopping.abort()
    await run
    expect(dump(store)).toEqual(before)
  })

  test('is not suspected where the same chain goes on', async () => {
    const store = await indexed()
    const ingest = ingesting(recording, store)
    await ingest.catchUp(new AbortController().signal, () => {})
    expect(ingest.status().alarm).toBeNull()
    expect(store.coverage.hashes()).toEqual([
      { sequence: firstLedger + 178, hash: recording.ledgers.at(-1)!.hash },
    ])
  })
})

test('only the newest hashes are kept', () => {
  const store = memoryStore()
  for (let sequence = 1; sequence <= 80; sequence += 1) {
    store.writer.rememberHash({ sequence, hash: 'aa' })
  }
  expect(store.coverage.hashes().map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: 50 }, (_, n) => 80 - n),
  )
})

test('P3: after a gap a hash is remembered that the source still has', async () => {
  const store = memoryStore()
  const source = createRecordingSource(recording, contractId)
  const { ledgers } = recording
  async function indexed(at: number, oldest: number): Promise<number[]> {
    const { sequence, closedAt } = ledgers[oldest]!
    const remembered = { ledger: sequence, closedAt: seconds(closedAt) }
    store.writer.apply({ ...ledgerBatch(recording, ledgers[at]!), oldest: remembered })
    await rememberHash({ source, ...store }, new AbortController().signal)
    return store.coverage.hashes().map((ledger) => ledger.sequence)
  }
  const [first, , , fourth] = ledgers.map(({ sequence }) => sequence)
  expect(await indexed(0, 0)).toEqual([first])
  expect(await indexed(1, 0)).toEqual([first])
  expect(await indexed(3, 2)).toEqual([fourth, first])
})
