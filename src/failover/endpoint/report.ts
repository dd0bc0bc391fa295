import type { Logger } from 'pino'
import type { SourceError } from '../../domain/errors.ts'
import type { Fault } from '../../domain/faults.ts'
import type { EndpointCounters, EndpointState, EndpointStatus } from '../../domain/upstream.ts'

/** What operators see of one endpoint: its state, its totals, and two log lines for each outage. */
export interface EndpointReport {
  answered(): void
  /** `isQuiet`: the log already has a line about it. */
  failed(error: SourceError, isQuiet: boolean): void
  /** Another endpoint gave a different answer, and it is not known who is right. */
  disputed(detail: string): void
  count(what: 'pages' | 'overtaken' | 'probes'): void
  state(): Pick<EndpointStatus, 'lastError'> & { state: Exclude<EndpointState, 'set_aside'> }
  counters(): EndpointCounters
}

export interface EndpointReportDeps {
  name: string
  log: Logger
  isAlone: boolean
}

export function createEndpointReport({ name, log, isAlone }: EndpointReportDeps): EndpointReport {
  // With a single endpoint, the log lines of ingestion say the same.
  const [warn, info] = isAlone ? (['debug', 'debug'] as const) : (['warn', 'info'] as const)
  let state: Exclude<EndpointState, 'set_aside'> = 'starting'
  let lastError: string | null = null
  /** The last log line says that it fails. */
  let isLogged = false
  const faults: Partial<Record<Fault, number>> = {}
  const totals = { pages: 0, overtaken: 0, probes: 0 }

  return {
    answered() {
      if (isLogged) log[info]({ endpoint: name }, 'RPC answers again')
      isLogged = false
      state = 'ok'
    },
    failed({ fault, message }, isQuiet) {
      faults[fault] = (faults[fault] ?? 0) + 1
      // A node that lags by a ledger is normal.
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
