import type { Logger } from 'pino'
import type { SourceError } from '../../domain/errors.ts'
import type { Fault } from '../../domain/faults.ts'
import type { EndpointCounters, EndpointState, EndpointStatus } from '../../domain/upstream.ts'

/** What operators see of one endpoint: its state, its totals, and two lines in the log a failure. */
export interface EndpointReport {
  answered(): void
  /** `isQuiet`: the log has a line about it already. */
  failed(error: SourceError, isQuiet: boolean): void
  /** Others say something else, and nobody knows who is right. */
  disputed(detail: string): void
  count(what: 'pages' | 'outrun' | 'probes'): void
  state(): Pick<EndpointStatus, 'lastError'> & { state: Exclude<EndpointState, 'set_aside'> }
  counters(): EndpointCounters
}

export function createEndpointReport(name: string, log: Logger, isAlone: boolean): EndpointReport {
  // Where there is no other endpoint, the caller's own lines say the same.
  const [warn, info] = isAlone ? (['debug', 'debug'] as const) : (['warn', 'info'] as const)
  let state: Exclude<EndpointState, 'set_aside'> = 'starting'
  let lastError: string | null = null
  /** The last line in the log says that it fails. */
  let isLogged = false
  const faults: Partial<Record<Fault, number>> = {}
  const totals = { pages: 0, outrun: 0, probes: 0 }

  return {
    answered() {
      if (isLogged) log[info]({ endpoint: name }, 'RPC answers again')
      isLogged = false
      state = 'ok'
    },
    failed({ fault, message }, isQuiet) {
      faults[fault] = (faults[fault] ?? 0) + 1
      // A replica that is a ledger late is no news.
      if (!isLogged && !isQuiet && fault !== 'behind') {
        log[warn]({ endpoint: name, fault, detail: message }, 'RPC failed')
        isLogged = true
      }
      state = 'failing'
      lastError = `${fault}: ${message}`
    },
    disputed(detail) {
      state = 'failing'
      lastError = detail
    },
    count(what) {
      totals[what] += 1
    },
    state: () => ({ state, lastError }),
    counters: () => ({ url: name, ...totals, faults: { ...faults } }),
  }
}
