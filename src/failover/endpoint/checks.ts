import { SourceError } from '../../domain/errors.ts'
import { REACTIONS } from '../../domain/faults.ts'
import type { LedgerSource } from '../../source/source.ts'
import type { Timers } from '../timers.ts'
import type { Call } from './calls.ts'
import type { ChainGuard } from './chain-guard.ts'
import type { EndpointIdentity } from './identity.ts'
import { lacksContractOnly } from './identity.ts'

/** Calls that check whether an endpoint's answers may be used: its network, contract and chain. */
export interface EndpointChecks {
  /** Throws `refused` if it serves another network or lacks the contract. */
  identify(signal: AbortSignal): Promise<void>
  /** Checks only if there is doubt. Throws `history_changed`, or the fault of the check. */
  checkChain(signal: AbortSignal): Promise<void>
  /** The error to report for a fault: `history_changed` if another chain has caused it. */
  explain(error: SourceError, signal: AbortSignal): Promise<unknown>
}

export interface EndpointChecksDeps {
  source: LedgerSource
  chain: ChainGuard
  identity: EndpointIdentity
  timers: Timers
  call: Call
}

/** A check costs a whole ledger, and a node that lags has a fault at every poll. */
const EXPLAIN_EVERY_MS = 5_000

export function createChecks(deps: EndpointChecksDeps): EndpointChecks {
  const { source, chain, identity, timers, call } = deps
  const { now } = timers
  /** When a fault last led to a check of the chain, and what that found. */
  let explainedAt = Number.NEGATIVE_INFINITY
  let explanation: SourceError | undefined

  async function checkChain(signal: AbortSignal): Promise<void> {
    if (chain.isSure()) return
    await call((ending) => {
      const tip = async () => (await source.range(ending)).latest
      return chain.check(tip, ending)
    }, signal)
  }

  async function explain(error: SourceError, signal: AbortSignal): Promise<unknown> {
    if (chain.isSure()) return error
    if (now() - explainedAt < EXPLAIN_EVERY_MS) return explanation ?? error
    try {
      await checkChain(signal)
      explanation = undefined
    } catch (found) {
      if (signal.aborted || !(found instanceof SourceError)) return found
      if (!REACTIONS[found.fault].alarms) return error
      explanation = found
    }
    explainedAt = now()
    return explanation ?? error
  }

  return {
    async identify(signal) {
      try {
        await call(identity.check, signal)
      } catch (error) {
        if (!lacksContractOnly(identity) || !(error instanceof SourceError)) throw error
        // After a network has started over, the contract is missing too.
        throw await explain(error, signal)
      }
    },
    checkChain,
    explain,
  }
}
