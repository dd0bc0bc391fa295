import { parseFaultScript } from './faults.ts'
import type { ScriptedFault, FaultRule, FaultScript } from './faults.ts'

/** The faults of a script in words, one line each. Throws UsageError like `parseFaultScript`. */
export function describeFaults(script: FaultScript): string[] {
  return parseFaultScript(script).map(
    (rule) => `${methodOf(rule)}, ${whenOf(rule)}: ${describeFault(rule.fault)}`,
  )
}

function methodOf({ method }: FaultRule): string {
  return method === '*' ? 'any method' : method
}

function whenOf({ when, times }: FaultRule): string {
  const most = times === undefined ? '' : `, at most ${times} times`
  if ('every' in when)
    return `${when.every === 1 ? 'every call' : `every ${when.every} calls`}${most}`
  if ('probability' in when)
    return `${Number((when.probability * 100).toPrecision(3))} % of the calls${most}`
  const from = 'call' in when ? `from call ${when.call}` : `after ledger ${when.ledger}`
  return (times ?? 1) === 1 ? `${from}, once` : `${from}, ${times} times`
}

export function describeFault(fault: ScriptedFault): string {
  switch (fault.kind) {
    case 'timeout':
      return fault.afterMs === undefined ? 'no answer' : `an answer after ${fault.afterMs} ms`
    case 'reset':
      return 'the connection breaks'
    case '429':
      return fault.retryAfterSeconds === undefined
        ? 'HTTP 429'
        : `HTTP 429 with Retry-After: ${fault.retryAfterSeconds}`
    case '503':
    case '504':
      return `HTTP ${fault.kind}`
    case 'truncated':
      return 'the answer breaks off'
    case 'html':
      return 'a web page with status 200'
    case 'error':
      return `error ${fault.code}: ${fault.message}`
    case 'latest_backwards':
      return `an answer as of ${fault.ledgers} ledgers ago`
    case 'slow':
      return `error -32001 if getEvents would scan more than ${fault.ledgers} ledgers`
    case 'unhealthy':
      return `getHealth says that the newest ledger is ${fault.latencySeconds} s old, which is too old`
    case 'retention':
      return fault.oldest === undefined
        ? `the ${fault.ledgers} oldest ledgers are forgotten`
        : `the ledgers before ${fault.oldest} are forgotten`
  }
}
