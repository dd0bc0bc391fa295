import type { LedgerRange } from '../../domain/ledger.ts'
import type { Ledgers } from './ledgers.ts'

/** The defaults are those of a real server. */
export interface NodeSettings {
  /** How many ledgers the node keeps. */
  retentionWindow: number
  defaultEventsLimit: number
  maxEventsLimit: number
  friendbotUrl: string | undefined
  /** The most ledgers that getEvents can scan in one call before its time limit ends it. */
  scanBudget: number
  /**
   * A real getHealth compares the latest close time with the clock. Without this setting the node
   * is always healthy, because a recording is always too old.
   */
  health: { now: () => number; maxLatencyMs: number } | undefined
}

export const DEFAULT_SETTINGS: NodeSettings = {
  retentionWindow: 120_960,
  defaultEventsLimit: 100,
  maxEventsLimit: 10_000,
  friendbotUrl: undefined,
  scanBudget: Number.POSITIVE_INFINITY,
  health: undefined,
}

/** A node at one moment. `range`: the ledgers it has; undefined before the first has closed. */
export interface NodeView {
  readonly ledgers: Ledgers
  readonly range: Readonly<LedgerRange> | undefined
  readonly settings: NodeSettings
}

/** A node that has ingested the ledgers up to `latest`, and deleted those before its window. */
export function nodeAt(
  ledgers: Ledgers,
  { latest, settings }: { latest: number; settings: NodeSettings },
): NodeView {
  if (latest < ledgers.first) return { ledgers, range: undefined, settings }
  const oldest = Math.max(ledgers.first, latest - settings.retentionWindow + 1)
  return { ledgers, range: { oldest, latest }, settings }
}
