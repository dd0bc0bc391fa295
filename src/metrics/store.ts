import { contents, position } from '../store/read/summary.ts'
import type { Store } from '../store/store.ts'
import { samplesBy } from './registry.ts'
import type { ReadRegistry } from './registry.ts'

/** What the database contains, and how far it is. */
export function measureStore(registry: ReadRegistry, store: Store): void {
  registry.gauges(
    {
      checkpoint_ledger: 'Ledger of the checkpoint',
      tip_ledger: 'Newest ledger at the RPC',
      lag_ledgers: 'Ledgers between checkpoint and tip',
      lag_seconds: 'Ledger time between checkpoint and tip',
      runway_ledgers: 'Ledgers until the RPC would forget the checkpoint',
      runway_seconds: 'Ledger time until the RPC would forget the checkpoint',
    },
    () => {
      const checkpoint = store.coverage.checkpoint()
      const at = position(checkpoint)
      return {
        checkpoint_ledger: at.checkpoint?.ledger,
        tip_ledger: at.tip?.ledger,
        lag_ledgers: at.lagLedgers,
        lag_seconds: at.lagSeconds,
        runway_ledgers: at.runway?.ledgers,
        runway_seconds: secondsBetween(checkpoint?.oldestClosedAt, checkpoint?.ledgerClosedAt),
      }
    },
  )
  registry.gauges(
    {
      streams: 'Streams in the projection',
      unrecognised_events: 'Events in the log that could not be decoded',
      gaps: 'Ranges of ledgers that are missing',
      gap_ledgers: 'Ledgers that are missing',
    },
    () => {
      const { counts, gaps } = contents(store)
      return {
        streams: counts.streams,
        unrecognised_events: counts.unrecognised,
        gaps: gaps.length,
        gap_ledgers: gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0),
      }
    },
  )
  registry.gauge({
    name: 'events',
    help: 'Events in the log, by type',
    labels: ['type'],
    isShared: true,
    read: () => samplesBy('type', store.log.counts()),
  })
}

function secondsBetween(from: number | null | undefined, to: number | null | undefined) {
  return typeof from === 'number' && typeof to === 'number' ? to - from : undefined
}
