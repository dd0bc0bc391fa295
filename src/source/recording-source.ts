import { rpcFault } from './rpc/faults.ts'
import { readRecording } from '../simulator/recording.ts'
import type { Recording } from '../simulator/recording.ts'
import type { RpcClient } from './rpc/client.ts'
import { createSourceOver } from './rpc/rpc.ts'
import { parseJson } from '../simulator/node/go-json.ts'
import { createLedgers } from '../simulator/node/ledgers.ts'
import { answer } from '../simulator/node/methods.ts'
import { DEFAULT_SETTINGS, nodeAt } from '../simulator/node/node.ts'
import type { NodeView } from '../simulator/node/node.ts'
import type { LedgerSource } from './source.ts'

/** Throws UsageError where there is no recording in the file. */
export async function openRecording(path: string, contractId: string): Promise<LedgerSource> {
  return createRecordingSource(await readRecording(path), contractId)
}

/**
 * A recording as a source, all its ledgers closed: the answers of a node that has exactly them,
 * without a network between. A recording need not be of one contract; `contractId` selects.
 */
export function createRecordingSource(recording: Recording, contractId: string): LedgerSource {
  const ledgers = createLedgers(recording)
  // A recording forgets nothing, however long it is.
  const settings = { ...DEFAULT_SETTINGS, retentionWindow: Number.MAX_SAFE_INTEGER }
  const node = nodeAt(ledgers, ledgers.last, settings)
  return createSourceOver(
    createNodeClient(() => node),
    contractId,
  )
}

/** Calls to a node in this process, as it is at each call. */
export function createNodeClient(node: () => NodeView): RpcClient {
  return {
    async call(method, params, signal, ledger) {
      signal.throwIfAborted()
      const request = { method, params: parseJson(JSON.stringify(params ?? {})) }
      const answered = answer(node(), request)
      if ('error' in answered) throw rpcFault(answered.error, ledger)
      return JSON.parse(answered.result) as Record<string, unknown>
    },
  }
}
