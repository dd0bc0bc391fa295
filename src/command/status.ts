import { contents, position } from '../store/read/summary.ts'
import { openStoreForReading } from '../store/store.ts'
import type { Invocation } from './invocation.ts'
import { say, table } from './terminal.ts'

export interface StatusOptions {
  /** Print only one hash over log and state, to compare it with another database's. */
  digest?: boolean
}

/** Prints what a database file holds. An indexer can be running on it. */
export function status({ config, terminal }: Invocation, options: StatusOptions): void {
  const { databasePath } = config
  const store = openStoreForReading(databasePath)
  try {
    if (options.digest === true) {
      say(terminal, `digest ${store.digest()}`)
      return
    }
    const { identity, at, held } = store.snapshot(() => ({
      identity: store.coverage.identity(),
      at: position(store.coverage.checkpoint()),
      held: contents(store),
    }))
    const gaps = held.gaps.map((gap) => `${interval([gap.from, gap.to])} (${gap.reason})`)
    say(
      terminal,
      table([
        ['database', databasePath],
        ['contract', identity?.contractId ?? 'none yet'],
        ['network', identity?.networkPassphrase ?? 'none yet'],
        ['checkpoint', at.checkpoint?.cursor ?? 'none yet'],
        ['ledger', ledger(at.checkpoint)],
        ['tip, as last heard', ledger(at.tip)],
        ['lag, as last heard', lag(at)],
        ['runway, as last heard', runway(at)],
        ['ledgers scanned', held.coverage.map(interval).join(', ') || 'none yet'],
        ['gaps', gaps.join(', ') || 'none'],
        ['events', String(held.counts.events)],
        ['unrecognised', String(held.counts.unrecognised)],
        ['streams', String(held.counts.streams)],
      ]),
    )
  } finally {
    store.close()
  }
}

type Position = ReturnType<typeof position>

function ledger(point: Position['checkpoint'] | Position['tip']): string {
  if (point === null) return 'none yet'
  return `${point.ledger}${point.ledgerClosedAt === null ? '' : `, closed ${point.ledgerClosedAt}`}`
}

function lag({ lagLedgers, lagSeconds }: Position): string {
  if (lagLedgers === null) return 'unknown'
  return `${lagLedgers} ledgers${lagSeconds === null ? '' : `, ${lagSeconds} s of ledger time`}`
}

function runway({ runway: left }: Position): string {
  if (left === null) return 'unknown'
  return `${left.ledgers} ledgers${left.hours === null ? '' : `, ${left.hours} h`}`
}

function interval([from, to]: readonly [number, number]): string {
  return `${from}–${to}`
}
