import { SourceError } from '../../domain/errors.ts'
import { REACTIONS } from '../../domain/faults.ts'
import { readLedgers } from './answers.ts'
import type { RpcClient } from './client.ts'
import type { LedgerHeader } from '../source.ts'

/** The most ledgers that a server answers in one call. */
const MAX_LEDGERS = 200
/** So many unwanted ledgers in between cost less than a second call. */
const MAX_SKIPPED = 10
/** How much fewer ledgers to ask for if the answer was too large; a ledger can be megabytes. */
const SHRINK = 4

/** Reads the headers of some ledgers, several with each call. */
export interface LedgerHeaders {
  /** Must be called in ascending order. Throws SourceError. */
  read(sequence: number, signal: AbortSignal): Promise<LedgerHeader>
}

/** `wanted`: ascending. */
export function createLedgerHeaders(client: RpcClient, wanted: readonly number[]): LedgerHeaders {
  let known = new Map<number, LedgerHeader>()
  let maxLedgers = MAX_LEDGERS

  /** How many ledgers to ask for: up to the last wanted one that is close to the one before it. */
  function countFrom(sequence: number): number {
    let last = sequence
    for (let i = wanted.indexOf(sequence) + 1; i < wanted.length; i += 1) {
      const next = wanted[i]!
      if (next - last > MAX_SKIPPED + 1 || next - sequence >= maxLedgers) break
      last = next
    }
    return last - sequence + 1
  }

  async function fetch(sequence: number, signal: AbortSignal): Promise<LedgerHeader[]> {
    const limit = countFrom(sequence)
    const params = { startLedger: sequence, pagination: { limit } }
    try {
      const call = { method: 'getLedgers', params, startLedger: sequence }
      return readLedgers(await client.call(call, signal))
    } catch (error) {
      if (limit === 1 || !(error instanceof SourceError) || !wasTooMuch(error)) throw error
      maxLedgers = error.limit ?? Math.ceil(limit / SHRINK)
      return fetch(sequence, signal)
    }
  }

  return {
    async read(sequence, signal) {
      if (!known.has(sequence)) {
        const ledgers = await fetch(sequence, signal)
        known = new Map(ledgers.map((ledger) => [ledger.sequence, ledger]))
      }
      const header = known.get(sequence)
      if (header !== undefined) return header
      throw new SourceError('malformed', `the answer to getLedgers has no ledger ${sequence}`)
    },
  }
}

/** An answer that is larger than the client allows is `malformed`. */
function wasTooMuch({ fault }: SourceError): boolean {
  return REACTIONS[fault].askLess !== undefined || fault === 'malformed'
}
