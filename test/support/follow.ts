import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import type { ContractEvent, RawEvent } from '../../src/domain/event.ts'
import { createIngest } from '../../src/ingest/ingest.ts'
import type { StartLedger } from '../../src/ingest/tick.ts'
import type { Recording } from '../../src/source/recording.ts'
import { createRpcSource } from '../../src/source/rpc.ts'
import { createSimulator } from '../../src/source/simulator/server.ts'
import type { SimulatorOptions } from '../../src/source/simulator/server.ts'
import type { LedgerSource } from '../../src/source/source.ts'
import { openStore } from '../../src/store/store.ts'
import { loadRecording } from './recordings.ts'

interface Followed {
  recording?: Recording
  /** Ledgers that are closed at the start. */
  closed: number
  simulator?: Partial<SimulatorOptions>
  startLedger?: StartLedger
  decode?: (raw: RawEvent) => ContractEvent
}

/** An indexer in memory and a node over HTTP, which closes ledgers when told to. */
export async function follow({
  recording,
  closed,
  simulator = {},
  startLedger = 'oldest',
  decode = createDecoder(),
}: Followed) {
  const played = recording ?? (await loadRecording('quirks'))
  const { contractId, network } = played.header
  const node = await createSimulator({
    recording: played,
    speed: 0,
    closed,
    retentionWindow: 1_000_000,
    ...simulator,
  })
  onTestFinished(() => node.close())
  const source = createRpcSource({ url: node.url, contractId, timeoutMs: 5_000 })
  const store = openStore(':memory:', decode)
  const { coverage, writer } = store
  const ingest = createIngest({
    source,
    coverage,
    writer,
    decode,
    startLedger,
    identity: { networkPassphrase: network.passphrase, contractId },
    log: pino({ level: 'silent' }),
    onApplied: () => {},
    // The shortest waits that back-off knows.
    random: () => 0,
  })
  const never = new AbortController().signal
  return {
    node,
    store,
    source,
    ingest,
    deps: { source, store, contractId, waitMs: 5 },
    catchUp: () => ingest.catchUp(never, () => {}),
  }
}

/** The source, counting how often it is asked for entries. */
export function counted(source: LedgerSource) {
  let calls = 0
  const counting: LedgerSource = {
    ...source,
    entries(keys, signal) {
      calls += 1
      return source.entries(keys, signal)
    },
  }
  return { counting, calls: () => calls }
}
