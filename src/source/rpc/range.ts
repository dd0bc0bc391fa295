import { SourceError } from '../../domain/errors.ts'
import { REACTIONS } from '../../domain/faults.ts'
import type { LedgerRange } from '../../domain/ledger.ts'
import { malformed, wireNumber } from './answers.ts'
import type { RpcClient, RpcResult } from './client.ts'

/** No server has ledger 1: the first one that closes is ledger 2. */
const BEFORE_ALL = 1

/**
 * The ledgers that a server has. getHealth says so, but not while the newest ledger is more than
 * half a minute old, and some providers do not offer it. Such a server still answers getEvents: if
 * it is asked for a ledger outside its range, it names the range. A server that cannot be reached,
 * or asked for a pause, gets no second call.
 */
export async function readRange(client: RpcClient, signal: AbortSignal): Promise<LedgerRange> {
  try {
    return rangeOf('getHealth', await client.call({ method: 'getHealth' }, signal))
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    const isAway = REACTIONS[error.fault].doubtsNetwork || error.retryAfterMs !== undefined
    if (isAway) throw error
    return (await rangeFromEvents(client, signal)) ?? Promise.reject(error)
  }
}

/** Undefined if getEvents does not name the range either. */
async function rangeFromEvents(
  client: RpcClient,
  signal: AbortSignal,
): Promise<LedgerRange | undefined> {
  const params = { startLedger: BEFORE_ALL, filters: [], pagination: { limit: 1 } }
  try {
    const call = { method: 'getEvents', params, startLedger: BEFORE_ALL }
    return rangeOf('getEvents', await client.call(call, signal))
  } catch (error) {
    if (error instanceof SourceError) return error.range
    throw error
  }
}

function rangeOf(method: string, result: RpcResult): LedgerRange {
  const oldest = wireNumber(result['oldestLedger'])
  const latest = wireNumber(result['latestLedger'])
  if (oldest === undefined || latest === undefined) throw malformed(method, 'a range of ledgers')
  return { oldest, latest }
}
