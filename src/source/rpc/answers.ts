import { z } from 'zod'
import { isEndOfLedger, ledgerOf, parseCursor } from '../../domain/cursor.ts'
import type { Cursor } from '../../domain/cursor.ts'
import type { RawEvent } from '../../domain/event.ts'
import { SourceError } from '../../domain/errors.ts'
import type { LedgerPoint } from '../../domain/ledger.ts'
import type { RpcResult } from './client.ts'
import type { LedgerEntries, LedgerHeader, LedgerPage } from '../source.ts'

/**
 * Reads the answers of an RPC. Everything in them is checked; what does not fit is a SourceError.
 * No value is decoded: each keeps its base64. Events are checked by hand because thousands come at
 * once, everything else by a schema.
 */

/** An answer to getEvents, before its events are checked. */
export interface EventsAnswer {
  events: readonly unknown[]
  /** The answer is complete up to this position. */
  cursor: Cursor
  /** There are as many events as were asked for, so there may be more already. */
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

export function readLedgers(answer: RpcResult): LedgerHeader[] {
  const parsed = Ledgers.safeParse(answer)
  if (!parsed.success) throw malformed('getLedgers', 'ledgers')
  return parsed.data.ledgers
}

export function readEntries(answer: RpcResult): LedgerEntries {
  const parsed = Entries.safeParse(answer)
  if (!parsed.success) throw malformed('getLedgerEntries', 'entries')
  return parsed.data
}

export function readEvents(answer: RpcResult, limit: number): EventsAnswer {
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

/** Keeps the contract's events only. */
export function createPageReader(contractId: string): (answer: EventsAnswer) => LedgerPage {
  const readTime = createTimeReader()
  return ({ events: uncheckedEvents, cursor, full, tip, oldest }) => {
    const events: RawEvent[] = []
    for (const unchecked of uncheckedEvents) {
      const event = readEvent(unchecked, contractId, readTime)
      if (event !== undefined) events.push(event)
    }
    return { events, cursor, full, closedAt: closedAtOf({ cursor, events, tip }), tip, oldest }
  }
}

/** An event as a server sent it, before it is checked. */
export interface UncheckedEvent {
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

/** Undefined for events of other contracts, and for events of calls that were rolled back. */
function readEvent(
  given: unknown,
  contractId: string,
  readTime: (text: unknown) => number,
): RawEvent | undefined {
  if (typeof given !== 'object' || given === null) throw malformed('getEvents', 'events')
  const event = given as UncheckedEvent
  const { id, type, ledger, txHash, value, topic: topics = [] } = event
  // Before v23, a node with diagnostics on also lists the events of calls that were rolled back.
  if (event.inSuccessfulContractCall === false || type === 'diagnostic') return undefined
  if (event.contractId !== contractId) return undefined
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
    timestamp: readTime(event.ledgerClosedAt),
    transactionHash: txHash,
    topics,
    value,
  }
}

function readCursor(given: unknown): Cursor {
  // Servers before v22 do not say how far a page was scanned, and guessing would lose events.
  if (given === undefined) throw tooOld()
  const cursor = typeof given === 'string' ? parseCursor(given) : undefined
  if (cursor === undefined) throw malformed('getEvents', 'a cursor')
  return cursor
}

/**
 * Undefined if the cursor's ledger is empty and is not the latest: no answer has its close time.
 */
function closedAtOf({
  cursor,
  events,
  tip,
}: Pick<LedgerPage, 'cursor' | 'events' | 'tip'>): number | undefined {
  const ledger = ledgerOf(cursor)
  if (ledger === tip.ledger) return tip.closedAt
  const last = events.at(-1)
  if (last?.ledger === ledger) return last.timestamp
  // The page was cut at an event that was left out: the time of the last kept one is close enough.
  return isEndOfLedger(cursor) ? undefined : last?.timestamp
}

/** Some answers have a number where others have a decimal string. */
export function wireNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0
    ? number
    : undefined
}

/** RFC 3339 to Unix seconds. The events of one ledger have the same text, so the last is cached. */
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
    'this RPC server is too old to be indexed without loss: use stellar-rpc v22 or later',
  )
}
