import { SourceError } from '../../domain/errors.ts'
import { REACTIONS } from '../../domain/faults.ts'
import { malformed, wireNumber } from './answers.ts'
import type { Answer } from './answers.ts'
import type { RpcClient } from './client.ts'
import type { LedgerRange } from '../../domain/ledger.ts'

/** No server has it: nothing closes before ledger 2. */
const BEFORE_ALL = 1

/**
 * The ledgers that a server has. getHealth tells, but refuses when the newest ledger is more than
 * half a minute old, and some providers do not offer it. Such a server still answers getEvents,
 * which names the range when it is asked for a ledger outside of it. A server that is away, or
 * has asked for a pause, is not asked twice.
 */
export async function readRange(client: RpcClient, signal: AbortSignal): Promise<LedgerRange> {
  try {
    return rangeOf('getHealth', await client.call('getHealth', undefined, signal))
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    const isAway = REACTIONS[error.fault].doubtsNetwork || error.retryAfterMs !== undefined
    if (isAway) throw error
    return (await rangeFromEvents(client, signal)) ?? Promise.reject(error)
  }
}

/** Undefined where getEvents does not tell either. */
async function rangeFromEvents(
  client: RpcClient,
  signal: AbortSignal,
): Promise<LedgerRange | undefined> {
  const params = { startLedger: BEFORE_ALL, filters: [], pagination: { limit: 1 } }
  try {
    return rangeOf('getEvents', await client.call('getEvents', params, signal, BEFORE_ALL))
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    return error.range
  }
}

function rangeOf(method: string, answer: Answer): LedgerRange {
  const oldest = wireNumber(answer['oldestLedger'])
  const latest = wireNumber(answer['latestLedger'])
  if (oldest === undefined || latest === undefined) {
    throw malformed(method, 'a range of ledgers')
  }
  return { oldest, latest }
}
