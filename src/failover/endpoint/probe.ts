import { SourceError } from '../../domain/errors.ts'
import type { LedgerRange } from '../../domain/ledger.ts'
import type { EndpointCalls } from './calls.ts'
import type { EndpointChecks } from './checks.ts'
import type { Contact } from './contact.ts'
import type { EndpointHealth } from './health.ts'
import type { EndpointIdentity } from './identity.ts'
import type { EndpointReport } from './report.ts'

/** Asks an endpoint that is not in use, so that it is known whether it is good again. */
export interface EndpointProbe {
  /** Throws no SourceError: the endpoint's state shows the fault. */
  run(signal: AbortSignal): Promise<void>
  /** Whether the last call to the endpoint is long enough ago for a probe. */
  isDue(): boolean
}

export interface EndpointProbeDeps {
  health: EndpointHealth
  identity: EndpointIdentity
  contact: Contact
  report: EndpointReport
  checks: EndpointChecks
  succeeded: EndpointCalls['succeeded']
  askRange(signal: AbortSignal): Promise<LedgerRange>
}

const EVERY_MS = 10_000
/** An endpoint that may come back into use is asked more often. */
const RETURNING_EVERY_MS = 3_500

export function createProbe(deps: EndpointProbeDeps): EndpointProbe {
  const { health, identity, contact, report, checks, succeeded, askRange } = deps
  return {
    async run(signal) {
      try {
        // An endpoint that returns soon is checked now, so that no page has to wait for it.
        const isReturning = !health.isTrusted() && !identity.isKnown(false)
        if (isReturning || !identity.isKnown(true)) await checks.identify(signal)
        await checks.checkChain(signal)
        await askRange(signal)
        succeeded()
      } catch (error) {
        if (!signal.aborted && !(error instanceof SourceError)) throw error
      } finally {
        report.count('probes')
      }
    },

    isDue() {
      const aside = identity.aside()
      const isReturning = !health.isTrusted() || aside !== undefined
      if (contact.idleMs() < (isReturning ? RETURNING_EVERY_MS : EVERY_MS)) return false
      return health.coolingMs() === 0 && (aside?.isDue ?? true)
    },
  }
}
