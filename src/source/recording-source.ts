import { parseJson } from '../simulator/node/go-json.ts'
import { createLedgers } from '../simulator/node/ledgers.ts'
import { answerRequest } from '../simulator/node/methods.ts'
import { DEFAULT_SETTINGS, nodeAt } from '../simulator/node/node.ts'
import type { NodeView } from '../simulator/node/node.ts'
import { readRecording } from '../simulator/recording.ts'
import type { Recording } from '../simulator/recording.ts'
import type { RpcClient, RpcResult } from './rpc/client.ts'
import { rpcFault } from './rpc/faults.ts'
import { createClientSource } from './rpc/rpc.ts'
import type { LedgerSource } from './source.ts'

/** Throws UsageError if the file holds no recording. */
export async function openRecording(path: string, contractId: string): Promise<LedgerSource> {
  return createRecordingSource(await readRecording(path), contractId)
}

/**
 * A recording as a source, with all its ledgers closed. It answers as a node that has exactly these
 * ledgers, without a network in between. A recording can hold several contracts; `contractId`
 * selects one.
 */
export function createRecordingSource(recording: Recording, contractId: string): LedgerSource {
  const ledgers = createLedgers(recording)
  // Even a long recording keeps all its ledgers.
  const settings = { ...DEFAULT_SETTINGS, retentionWindow: Number.MAX_SAFE_INTEGER }
  const node = nodeAt(ledgers, { latest: ledgers.last, settings })
  return createClientSource(
    createNodeClient(() => node),
    { contractId },
  )
}

/** Calls a node in this process, in its state at the time of each call. */
export function createNodeClient(node: () => NodeView): RpcClient {
  return {
    async call({ method, params, startLedger }, signal) {
      signal.throwIfAborted()
      const request = { method, params: parseJson(JSON.stringify(params ?? {})) }
      const answer = answerRequest(node(), request)
      if ('error' in answer) throw rpcFault(answer.error, startLedger)
      return JSON.parse(answer.result) as RpcResult
    },
  }
}
