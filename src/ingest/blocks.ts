import { completeThrough, endOfLedger } from '../domain/cursor.ts'
import type { Decode, RawEvent } from '../domain/event.ts'
import type { LedgerSource, PageStart } from '../source/source.ts'
import type { SharedWriter } from '../store/write/writer.ts'
import type { Interval } from '../store/read/coverage.ts'

export interface BlockDeps {
  source: LedgerSource
  writer: SharedWriter
  decode: Decode
  /** Ledgers of the first block. Later blocks grow or shrink with the number of their events. */
  blockLedgers?: number
}

export interface Block extends Interval {
  /** Events that the log did not have yet. */
  accepted: number
}

/**
 * Fills missing ledgers from the top down, a block of whole ledgers in one transaction. So after
 * each commit the filled ledgers touch those after them, and a process that ends in between leaves
 * no new hole.
 */
export interface BlockFiller {
  /** Fills the highest block of the interval. Throws SourceError. */
  fillTop(interval: Interval, signal: AbortSignal): Promise<Block>
}

/** Subscribers get a reset for each block: a few large blocks are better than many small ones. */
const FIRST_BLOCK_LEDGERS = 2_048
/** The most ledgers that a server scans in one call. */
const LARGEST_BLOCK_LEDGERS = 9_999
/** After a block with more events the size is halved; with less than a quarter of it, doubled. */
const USUAL_EVENTS = 2_000
/** A block with more events is given up and read again in smaller parts. */
const MOST_EVENTS = 10_000

export function createBlockFiller(deps: BlockDeps): BlockFiller {
  const { source, writer, decode, blockLedgers = FIRST_BLOCK_LEDGERS } = deps
  let ledgers = blockLedgers

  /** All events of the block; undefined if there are too many for one transaction. */
  async function read({ from, to }: Interval, signal: AbortSignal) {
    const events: RawEvent[] = []
    let start: PageStart = { startLedger: from }
    for (;;) {
      const page = await source.page(start, USUAL_EVENTS, signal)
      for (const event of page.events) if (event.ledger <= to) events.push(event)
      if (completeThrough(page.cursor) >= to) return events
      if (events.length > MOST_EVENTS && to > from) return undefined
      start = { after: page.cursor }
    }
  }

  return {
    async fillTop(interval, signal) {
      for (;;) {
        const { to } = interval
        const from = Math.max(interval.from, to - ledgers + 1)
        const events = await read({ from, to }, signal)
        if (events === undefined) {
          ledgers = Math.ceil((to - from + 1) / 2)
          continue
        }
        const { accepted } = await writer.apply({
          events: events.map((raw) => ({ raw, event: decode(raw) })),
          cursor: endOfLedger(to),
          scannedFrom: from,
          closedAt: undefined,
        })
        if (events.length > USUAL_EVENTS) ledgers = Math.ceil(ledgers / 2)
        else if (events.length < USUAL_EVENTS / 4) {
          ledgers = Math.min(ledgers * 2, LARGEST_BLOCK_LEDGERS)
        }
        return { from, to, accepted }
      }
    },
  }
}
