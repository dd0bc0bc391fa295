import type { Config } from '../config/config.ts'
import { contents, position } from '../store/read/summary.ts'
import { openStoreForReading } from '../store/store.ts'
import { say, table } from './terminal.ts'
import type { Terminal } from './terminal.ts'

/** What a database file holds, a running indexer's included. */
export function status({ databasePath }: Config, terminal: Terminal): void {
  const store = openStoreForReading(databasePath)
  try {
    const { identity, at, held } = store.snapshot(() => ({
      identity: store.coverage.identity(),
      at: position(store.coverage.checkpoint()),
      held: contents(store),
    }))
    const lag = at.lagLedgers === null ? 'unknown' : `${at.lagLedgers} ledgers`
    const lagTime = at.lagSeconds === null ? '' : `, ${at.lagSeconds} s of ledger time`
    const runway =
      at.runway === null
        ? 'unknown'
        : `${at.runway.ledgers} ledgers${at.runway.hours === null ? '' : `, ${at.runway.hours} h`}`
    say(
      terminal,
      table([
        ['database', databasePath],
        ['contract', identity?.contractId ?? 'none yet'],
        ['network', identity?.networkPassphrase ?? 'none yet'],
        ['checkpoint', at.checkpoint?.cursor ?? 'none yet'],
        ['ledger', describe(at.checkpoint)],
        ['tip, as last heard', describe(at.tip)],
        ['lag, as last heard', lag + lagTime],
        ['runway, as last heard', runway],
        ['ledgers scanned', held.coverage.map(interval).join(', ') || 'none yet'],
        [
          'gaps',
          held.gaps.map((gap) => `${gap.from}–${gap.to} (${gap.reason})`).join(', ') || 'none',
        ],
        ['events', String(held.counts.events)],
        ['unrecognised', String(held.counts.unrecognised)],
        ['streams', String(held.counts.streams)],
      ]),
    )
  } finally {
    store.close()
  }
}

function describe(point: { ledger: number; ledgerClosedAt: string | null } | null): string {
  if (point === null) return 'none yet'
  return `${point.ledger}${point.ledgerClosedAt === null ? '' : `, closed ${point.ledgerClosedAt}`}`
}

function interval([from, to]: readonly [number, number]): string {
  return `${from}–${to}`
}
