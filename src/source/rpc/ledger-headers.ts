import { SourceError } from '../../domain/errors.ts'
import { REACTIONS } from '../../domain/faults.ts'
import { readLedgers } from './answers.ts'
import type { RpcClient } from './client.ts'
import type { LedgerHeader } from '../source.ts'

/** The server's own limit. */
const MAX_LEDGERS = 200
/** Ledgers that nobody wants but that are answered along: they cost less than a call of their own. */
const MAX_SKIPPED = 10
/** A server may answer fewer ledgers at once: a busy network's are megabytes each. */
const SHRINK = 4

/** Reads the heads of some ledgers, which are asked for in their order, many of them at once. */
export interface LedgerHeads {
  /** Throws SourceError. */
  read(sequence: number, signal: AbortSignal): Promise<LedgerHeader>
}

/** `wanted`: ascending. */
export function createLedgerHeads(client: RpcClient, wanted: readonly number[]): LedgerHeads {
  let known = new Map<number, LedgerHeader>()
  let most = MAX_LEDGERS

  /** How many ledgers one call is to answer: up to the last wanted one that is near the others. */
  function countFrom(sequence: number): number {
    let last = sequence
    for (let i = wanted.indexOf(sequence) + 1; i < wanted.length; i += 1) {
      const next = wanted[i]!
      if (next - last > MAX_SKIPPED + 1 || next - sequence >= most) break
      last = next
    }
    return last - sequence + 1
  }

  async function fetch(sequence: number, signal: AbortSignal): Promise<LedgerHeader[]> {
    const limit = countFrom(sequence)
    const params = { startLedger: sequence, pagination: { limit } }
    try {
      return readLedgers(await client.call('getLedgers', params, signal, sequence))
    } catch (error) {
      if (limit === 1 || !(error instanceof SourceError) || !isTooMuch(error)) throw error
      most = error.limit ?? Math.ceil(limit / SHRINK)
      return fetch(sequence, signal)
    }
  }

  return {
    async read(sequence, signal) {
      if (!known.has(sequence)) {
        const ledgers = await fetch(sequence, signal)
        known = new Map(ledgers.map((ledger) => [ledger.sequence, ledger]))
      }
      const head = known.get(sequence)
      if (head !== undefined) return head
      throw new SourceError('malformed', `getLedgers did not answer ledger ${sequence}`)
    },
  }
}

/** An answer that is larger than any may be is as good as none. */
function isTooMuch({ fault }: SourceError): boolean {
  return REACTIONS[fault].askLess !== undefined || fault === 'malformed'
}
