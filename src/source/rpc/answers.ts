import { z } from 'zod'
import { isEndOfLedger, ledgerOf, parseCursor } from '../../domain/cursor.ts'
import type { Cursor } from '../../domain/cursor.ts'
import type { RawEvent } from '../../domain/event.ts'
import { SourceError } from '../../domain/errors.ts'
import type { LedgerPoint } from '../../domain/ledger.ts'
import type { LedgerEntries, LedgerHeader, LedgerPage } from '../source.ts'

/**
 * What an RPC's answers hold. Foreign data: everything is checked, and what does not fit is a
 * SourceError. Nothing is decoded; every value keeps its base64. Events are checked by hand, for
 * they come in thousands; the rest by schema.
 */

export type Answer = Record<string, unknown>

/** An answer to getEvents before its events are looked at. */
export interface EventsAnswer {
  events: readonly unknown[]
  /** Position the answer is complete through. */
  cursor: Cursor
  /** There are as many events as were asked for: more may be there already. */
  full: boolean
  tip: LedgerPoint
  /** Undefined before v23. */
  oldest: LedgerPoint | undefined
}

const WireNumber = z.unknown().transform((value, context) => {
  const number = wireNumber(value)
  if (number !== undefined) return number
  context.addIssue('is not a number')
  return z.NEVER
})
const Ledgers = z.object({
  ledgers: z.array(
    z
      .object({ hash: z.string(), sequence: WireNumber, ledgerCloseTime: WireNumber })
      .transform(({ hash, sequence, ledgerCloseTime }) => ({
        hash,
        sequence,
        closedAt: ledgerCloseTime,
      })),
  ),
})
const Entry = z
  .object({
    key: z.string(),
    xdr: z.string(),
    lastModifiedLedgerSeq: WireNumber,
    liveUntilLedgerSeq: WireNumber.optional(),
  })
  .transform(({ key, xdr, lastModifiedLedgerSeq, liveUntilLedgerSeq }) => ({
    key,
    xdr,
    lastModifiedLedger: lastModifiedLedgerSeq,
    liveUntilLedger: liveUntilLedgerSeq,
  }))
const Entries = z.object({
  latestLedger: WireNumber,
  entries: z
    .array(Entry)
    .nullable()
    .transform((entries) => entries ?? []),
})

export function readLedgers(answer: Answer): LedgerHeader[] {
  const parsed = Ledgers.safeParse(answer)
  if (!parsed.success) throw malformed('getLedgers', 'ledgers')
  return parsed.data.ledgers
}

export function readEntries(answer: Answer): LedgerEntries {
  const parsed = Entries.safeParse(answer)
  if (!parsed.success) throw malformed('getLedgerEntries', 'entries')
  return parsed.data
}

export function readEvents(answer: Answer, limit: number): EventsAnswer {
  const { events } = answer
  if (!Array.isArray(events)) throw malformed('getEvents', 'events')
  const latestLedger = wireNumber(answer['latestLedger'])
  if (latestLedger === undefined) throw malformed('getEvents', 'the latest ledger')
  const oldestLedger = wireNumber(answer['oldestLedger'])
  return {
    events,
    cursor: readCursor(answer['cursor']),
    full: events.length >= limit,
    tip: { ledger: latestLedger, closedAt: wireNumber(answer['latestLedgerCloseTime']) },
    oldest:
      oldestLedger === undefined
        ? undefined
        : { ledger: oldestLedger, closedAt: wireNumber(answer['oldestLedgerCloseTime']) },
  }
}

/** Pages of the contract's events. Consecutive events often share the text of their close time. */
export function createPageReader(contractId: string): (answer: EventsAnswer) => LedgerPage {
  const readTime = createTimeReader()
  return ({ events: wireEvents, cursor, full, tip, oldest }) => {
    const events: RawEvent[] = []
    for (const wireEvent of wireEvents) {
      const event = readEvent(wireEvent, contractId, readTime)
      if (event !== undefined) events.push(event)
    }
    return { events, cursor, full, closedAt: closedAtOf(cursor, events, tip), tip, oldest }
  }
}

interface WireEvent {
  id: unknown
  type: unknown
  contractId: unknown
  ledger: unknown
  ledgerClosedAt: unknown
  txHash: unknown
  topic?: unknown
  value: unknown
  inSuccessfulContractCall?: unknown
}

/** Undefined for what is not an event of the contract that happened: see the body. */
function readEvent(
  wireEvent: unknown,
  contractId: string,
  readTime: (text: unknown) => number,
): RawEvent | undefined {
  if (typeof wireEvent !== 'object' || wireEvent === null) throw malformed('getEvents', 'events')
  const wire = wireEvent as WireEvent
  const { id, type, ledger, txHash, value, topic: topics = [] } = wire
  // Before v23 a node with diagnostics on also lists the events of calls that were rolled back.
  if (wire.inSuccessfulContractCall === false || type === 'diagnostic') return undefined
  if (wire.contractId !== contractId) return undefined
  if (typeof value !== 'string' || typeof txHash !== 'string') throw tooOld()
  if (typeof id !== 'string' || parseCursor(id) === undefined)
    throw malformed('getEvents', 'event ids')
  if (typeof type !== 'string' || typeof ledger !== 'number') throw malformed('getEvents', 'events')
  if (!Array.isArray(topics) || !topics.every((topic) => typeof topic === 'string')) {
    throw malformed('getEvents', 'topics')
  }
  return {
    id,
    type,
    contractId,
    ledger,
    timestamp: readTime(wire.ledgerClosedAt),
    transactionHash: txHash,
    topics,
    value,
  }
}

function readCursor(given: unknown): Cursor {
  // Servers before v22 do not tell how far a page has looked, and guessing loses events.
  if (given === undefined) throw tooOld()
  const cursor = typeof given === 'string' ? parseCursor(given) : undefined
  if (cursor === undefined) throw malformed('getEvents', 'a cursor')
  return cursor
}

/** Undefined where the answer does not tell: in an empty ledger that is not the latest. */
function closedAtOf(
  cursor: Cursor,
  events: readonly RawEvent[],
  tip: LedgerPoint,
): number | undefined {
  const ledger = ledgerOf(cursor)
  if (ledger === tip.ledger) return tip.closedAt
  const last = events.at(-1)
  if (last?.ledger === ledger) return last.timestamp
  // In the middle of a ledger, or of an empty one long closed.
  return isEndOfLedger(cursor) ? undefined : last?.timestamp
}

/** The same number is a number in one answer and a decimal string in the next. */
export function wireNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0
    ? number
    : undefined
}

/** RFC 3339 to Unix seconds; the events of a ledger share the text, so the last one is remembered. */
function createTimeReader(): (text: unknown) => number {
  let lastText: unknown
  let lastTime = 0
  return (text) => {
    if (text === lastText) return lastTime
    const milliseconds = typeof text === 'string' ? Date.parse(text) : Number.NaN
    if (Number.isNaN(milliseconds)) throw malformed('getEvents', 'close times')
    lastText = text
    lastTime = Math.floor(milliseconds / 1_000)
    return lastTime
  }
}

export function malformed(method: string, what: string): SourceError {
  return new SourceError('malformed', `the answer to ${method} does not have ${what}`)
}

function tooOld(): SourceError {
  return new SourceError(
    'refused',
    'this RPC server is too old to be indexed without loss: stellar-rpc v22 or later is needed',
  )
}
