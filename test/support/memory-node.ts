import type { SourceError } from '../../src/domain/errors.ts'
import { rpcFault } from '../../src/source/rpc/faults.ts'
import type { Recording } from '../../src/simulator/recording.ts'
import { createClientSource } from '../../src/source/rpc/rpc.ts'
import { parseJson } from '../../src/simulator/node/go-json.ts'
import { createLedgers } from '../../src/simulator/node/ledgers.ts'
import { answerRequest } from '../../src/simulator/node/methods.ts'
import { DEFAULT_SETTINGS } from '../../src/simulator/node/node.ts'
import type { LedgerSource } from '../../src/source/source.ts'

/**
 * An RPC in memory: the simulator's answers, read as those of a real server are, without a socket
 * between. It answers at once, so that virtual time alone decides when things happen.
 */
export interface MemoryNode {
  source: LedgerSource
  /** The newest ledger; the whole recording unless it is set. */
  latest: number
  /** The oldest ledger that it has; lower it again and the ledgers are back. */
  oldest: number
  /** Another recording behind the same URL. */
  serve(recording: Recording): void
  /** What a call throws, as long as it answers with something. */
  fault: (call: NodeCall) => SourceError | undefined
  calls: NodeCall[]
}

export interface NodeCall {
  method: string
  /** The ledger that was asked for, if any. */
  ledger: number | undefined
  /** How many calls there were before. */
  number: number
}

export function createMemoryNode(recording: Recording): MemoryNode {
  let ledgers = createLedgers(recording)
  const node: MemoryNode = {
    latest: ledgers.last,
    oldest: ledgers.first,
    serve(other) {
      ledgers = createLedgers(other)
      node.oldest = ledgers.first
      node.latest = ledgers.last
    },
    fault: () => undefined,
    calls: [],
    source: createClientSource(
      {
        async call({ method, params, startLedger: ledger }, signal) {
          signal.throwIfAborted()
          const call = { method, ledger, number: node.calls.length }
          node.calls.push(call)
          const fault = node.fault(call)
          if (fault !== undefined) throw fault
          const range = { oldest: node.oldest, latest: node.latest }
          const request = { method, params: parseJson(JSON.stringify(params ?? {})) }
          const answered = answerRequest({ ledgers, range, settings: DEFAULT_SETTINGS }, request)
          if ('error' in answered) throw rpcFault(answered.error, ledger)
          return JSON.parse(answered.result) as Record<string, unknown>
        },
      },
      { contractId: recording.header.contractId },
    ),
  }
  return node
}
