import { SourceError } from '../../domain/errors.ts'
import { REACTIONS } from '../../domain/faults.ts'
import type { LedgerSource } from '../../source/source.ts'
import type { Timers } from '../timers.ts'
import type { Tips } from '../tips.ts'
import { watch } from '../watchdog.ts'
import type { ChainGuard } from './chain-guard.ts'
import { createConnectionWatch } from './connection-watch.ts'
import type { Contact } from './contact.ts'
import type { EndpointHealth } from './health.ts'
import type { EndpointIdentity } from './identity.ts'
import type { EndpointLedgers } from './ledgers.ts'
import type { EndpointReport } from './report.ts'

/** Calls to one endpoint, and what their outcomes say about it. */
export interface EndpointCalls {
  call: Call
  /** Records a good answer; its chain was checked before. */
  succeeded(): void
  /** Records a fault. */
  failed(error: SourceError): void
}

/** Makes one call within the time limit, and records its fault. */
export type Call = <T>(make: (signal: AbortSignal) => Promise<T>, signal: AbortSignal) => Promise<T>

export interface EndpointCallsDeps {
  name: string
  source: LedgerSource
  callTimeoutMs: number
  timers: Timers
  tips: Tips
  health: EndpointHealth
  identity: EndpointIdentity
  chain: ChainGuard
  ledgers: EndpointLedgers
  report: EndpointReport
  contact: Contact
}

export function createCalls(deps: EndpointCallsDeps): EndpointCalls {
  const { name, source, callTimeoutMs, timers, tips } = deps
  const { health, identity, chain, ledgers, report, contact } = deps
  const connections = createConnectionWatch(timers.now)

  function failed(error: SourceError): void {
    const { cools, doubtsChain, doubtsNetwork } = REACTIONS[error.fault]
    const { range } = error
    const isAside = identity.aside() !== undefined
    if (isAside) tips.forget(name)
    report.failed(error, isAside)
    if (range !== undefined) {
      const tip = { ledger: range.latest, closedAt: undefined }
      ledgers.see({ oldest: range.oldest, tip, hasOurChain: false })
    }
    if (cools) health.failed(error)
    // It has answered; only the request was wrong.
    else contact.answered()
    if (doubtsChain) chain.doubt()
    if (doubtsNetwork) identity.doubt()
  }

  return {
    async call(make, signal) {
      contact.asked()
      try {
        return await watch(make, { timeoutMs: callTimeoutMs, after: timers.after }, signal)
      } catch (error) {
        if (!signal.aborted && error instanceof SourceError) failed(error)
        throw error
      } finally {
        if (connections.isDoubtful(source.connections?.() ?? 0)) chain.doubt()
      }
    },

    succeeded() {
      report.answered()
      identity.answered()
      contact.answered()
      if (ledgers.lags()) health.distrust()
      else health.answeredWell()
    },
    failed,
  }
}
