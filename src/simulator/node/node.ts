import type { Ledgers } from './ledgers.ts'

/** Defaults are those of a real server's configuration. */
export interface NodeSettings {
  /** How many ledgers the node remembers. */
  retentionWindow: number
  defaultEventsLimit: number
  maxEventsLimit: number
  friendbotUrl: string | undefined
  /** Ledgers that getEvents has the time to look at in one call; beyond, its time limit ends it. */
  scanBudget: number
  /**
   * Compares the latest close time with a clock, as a real getHealth does. Without it the node is
   * always healthy: recordings are older than any latency that passes for healthy.
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

/** A node at one moment: what it has of the ledgers, both ends included; nothing before the first. */
export interface NodeView {
  readonly ledgers: Ledgers
  readonly range: { readonly oldest: number; readonly latest: number } | undefined
  readonly settings: NodeSettings
}

/** A node that has ingested everything up to `latest` and trimmed what its window does not hold. */
export function nodeAt(ledgers: Ledgers, latest: number, settings: NodeSettings): NodeView {
  if (latest < ledgers.first) return { ledgers, range: undefined, settings }
  const oldest = Math.max(ledgers.first, latest - settings.retentionWindow + 1)
  return { ledgers, range: { oldest, latest }, settings }
}
