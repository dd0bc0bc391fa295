import { instant } from '../../domain/times.ts'
import type { Checkpoint, Coverage } from './coverage.ts'
import type { Log } from './log.ts'
import type { Streams } from './streams.ts'

/** What `/status`, the metrics and the command `status` say about a database. */

/** Checkpoint, tip, lag and runway. */
export function position(checkpoint: Checkpoint | undefined) {
  if (checkpoint === undefined) {
    return { checkpoint: null, tip: null, lagLedgers: null, lagSeconds: null, runway: null }
  }
  const { cursor, ledger, ledgerClosedAt, tipLedger, tipClosedAt } = checkpoint
  const lagSeconds =
    tipClosedAt === null || ledgerClosedAt === null
      ? null
      : Math.max(0, tipClosedAt - ledgerClosedAt)
  return {
    checkpoint: { cursor, ledger, ledgerClosedAt: instant(ledgerClosedAt) },
    tip: { ledger: tipLedger, ledgerClosedAt: instant(tipClosedAt) },
    lagLedgers: lagOf(checkpoint),
    lagSeconds,
    runway: runway(checkpoint),
  }
}

/** If the newest tip came from an RPC that lags, it is before our checkpoint: the lag is then 0. */
export function lagOf({ ledger, tipLedger }: Pick<Checkpoint, 'ledger' | 'tipLedger'>): number {
  return Math.max(0, tipLedger - ledger)
}

/** How far the checkpoint is from the oldest ledger of the RPC, in ledgers and in ledger time. */
export function runway({ ledger, ledgerClosedAt, oldestLedger, oldestClosedAt }: Checkpoint) {
  if (oldestLedger === null) return null
  const known = ledgerClosedAt !== null && oldestClosedAt !== null
  const hours = known ? Math.round((ledgerClosedAt - oldestClosedAt) / 360) / 10 : null
  return { ledgers: ledger - oldestLedger, hours }
}

/** What the log holds. */
export function contents(store: { coverage: Coverage; log: Log; streams: Streams }) {
  const { coverage, log, streams } = store
  const counts = log.counts()
  return {
    coverage: coverage.intervals().map(({ from, to }): [number, number] => [from, to]),
    gaps: coverage
      .gaps()
      .map(({ declaredAt, ...gap }) => ({ ...gap, declaredAt: instant(declaredAt) })),
    counts: {
      events: counts.values().reduce((sum, count) => sum + count, 0),
      streams: streams.count(),
      unrecognised: counts.get('unrecognised') ?? 0,
    },
  }
}
