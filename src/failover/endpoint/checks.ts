import { SourceError } from '../../domain/errors.ts'
import { REACTIONS } from '../../domain/faults.ts'
import type { ChainGuard } from './chain-guard.ts'
import type { EndpointIdentity } from './identity.ts'
import type { LedgerSource } from '../../source/source.ts'
import type { Timers } from '../timers.ts'

/** Whether what an endpoint answers may be used: it is of our network, and has the log's chain. */
export interface EndpointTrust {
  /** Throws `refused` where it is of another network or without the contract. */
  identify(signal: AbortSignal): Promise<void>
  /** Asks only where there is doubt. Throws `history_changed`, and faults of its own. */
  checkChain(signal: AbortSignal): Promise<void>
  /** What to report instead of a fault: another chain may be behind it. */
  explained(error: SourceError, signal: AbortSignal): Promise<unknown>
}

export interface TrustDeps {
  source: LedgerSource
  chain: ChainGuard
  identity: EndpointIdentity
  timers: Timers
  /** Makes a call within its time, and notes its fault. */
  call<T>(make: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T>
}

/** A check costs a whole ledger, and a replica that lags has a fault at every poll. */
const EXPLAIN_EVERY_MS = 5_000

export function createTrust(deps: TrustDeps): EndpointTrust {
  const { source, chain, identity, timers, call } = deps
  const { now } = timers
  /** When a fault last had the chain checked, and what was found. */
  let explainedAt = Number.NEGATIVE_INFINITY
  let explanation: SourceError | undefined

  async function checkChain(signal: AbortSignal): Promise<void> {
    if (chain.isSure()) return
    await call((ending) => {
      const tip = async () => (await source.range(ending)).latest
      return chain.check(tip, ending)
    }, signal)
  }

  async function explained(error: SourceError, signal: AbortSignal): Promise<unknown> {
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
        const aside = identity.aside()
        const isMissing = aside !== undefined && aside.passphrase === undefined
        // A network that has started over does not have the contract.
        throw isMissing && error instanceof SourceError ? await explained(error, signal) : error
      }
    },
    checkChain,
    explained,
  }
}
