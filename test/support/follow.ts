import { createDecoder } from '../../src/decode/decode.ts'
import type { Decode } from '../../src/domain/event.ts'
import type { StartLedger } from '../../src/ingest/start.ts'
import type { Recording } from '../../src/simulator/recording.ts'
import { createRpcSource } from '../../src/source/rpc/rpc.ts'
import type { SimulatorOptions } from '../../src/simulator/simulator.ts'
import type { LedgerSource } from '../../src/source/source.ts'
import { simulate } from './daemon.ts'
import { ingestion } from './ingestion.ts'
import { PATIENCE_MS } from './patience.ts'
import { loadRecording, storeAt } from './recordings.ts'

interface Followed {
  recording?: Recording
  /** Ledgers that are closed at the start. */
  closed: number
  simulator?: Partial<SimulatorOptions>
  startLedger?: StartLedger
  decode?: Decode
}

/**
 * An indexer in memory and in virtual time, over a node that closes ledgers when the test says so.
 * `deps` are for audits, which ask the node directly.
 */
export async function follow({
  recording,
  closed,
  simulator = {},
  startLedger = 'oldest',
  decode = createDecoder(),
}: Followed) {
  const played = recording ?? (await loadRecording('quirks'))
  const { contractId } = played.header
  const node = await simulate(played, { speed: 0, closed, ...simulator })
  const source = createRpcSource({ url: node.url, contractId, timeoutMs: PATIENCE_MS })
  const store = storeAt(':memory:', decode)
  const { ingest, catchUp } = ingestion({
    recording: played,
    sources: [source],
    store,
    ingest: { startLedger, decode },
  })
  return { node, store, source, ingest, catchUp, deps: { source, store, contractId, waitMs: 5 } }
}

/** A source that counts how often it is asked for entries. */
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
