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
 * An RPC in memory: the simulator's answers, read like those of a real server, but without a
 * socket. It answers at once, so only virtual time decides when things happen.
 */
export interface MemoryNode {
  source: LedgerSource
  /** The newest ledger; by default the last of the recording. */
  latest: number
  /** The oldest ledger that it has; set it lower to bring ledgers back. */
  oldest: number
  /** Serves another recording from now on. */
  serve(recording: Recording): void
  /** The error that a call throws, if any. */
  fault: (call: NodeCall) => SourceError | undefined
  calls: NodeCall[]
}

export interface NodeCall {
  method: string
  /** The ledger that was asked for, if there is one. */
  ledger: number | undefined
  /** How many calls came before it. */
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
