import { z } from 'zod'
import { completeThrough, isEndOfLedger, ledgerOf, parseCursor } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import type { RawEvent } from '../domain/event.ts'
import { SourceError } from '../domain/errors.ts'
import { createRpcClient } from './rpc-client.ts'
import type { RpcClient } from './rpc-client.ts'
import { createScanWindow } from './scan-window.ts'
import type {
  LedgerHeader,
  LedgerPage,
  LedgerPoint,
  LedgerRange,
  LedgerSource,
  PageStart,
} from './source.ts'

export interface RpcSourceOptions {
  url: string
  contractId: string
  /** For one call, its body included. */
  timeoutMs: number
}

type Answer = Record<string, unknown>

const OUT_OF_RANGE = /must be between the oldest ledger/
const TIME_LIMIT = /\(-32001\)$/
/** The most that servers answer by default. */
const MAX_LIMIT = 10_000
/** The same number is a number in one answer and a decimal string in the next. */
const WireNumber = z.coerce.number().int().nonnegative()
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
const Entries = z.object({
  latestLedger: WireNumber,
  entries: z
    .array(
      z
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
        })),
    )
    .nullable()
    .transform((entries) => entries ?? []),
})

/** A Soroban RPC over HTTP. */
export function createRpcSource({ url, contractId, timeoutMs }: RpcSourceOptions): LedgerSource {
  return createSourceOver(createRpcClient(url, timeoutMs), contractId)
}

/**
 * Whatever answers as a Soroban RPC does. Pages are asked for by cursor with one filter, the contract, and no `type`: the
 * only query that every server version answers without leaving anything out, and that shows a
 * replaced contract too. Only a server that runs out of time is asked by ranges of ledgers. Nothing is decoded here; every value keeps its base64.
 */
export function createSourceOver(client: RpcClient, contractId: string): LedgerSource {
  const filters = [{ contractIds: [contractId] }]
  const readTime = createTimeReader()
  const scan = createScanWindow()

  async function getEvents(start: PageStart, limit: number, signal: AbortSignal): Promise<Answer> {
    const params =
      'after' in start
        ? { filters, pagination: { cursor: start.after, limit } }
        : { startLedger: start.startLedger, filters, pagination: { limit } }
    const ledger = 'after' in start ? ledgerOf(start.after) : start.startLedger
    try {
      return await client.call('getEvents', params, signal, ledger)
    } catch (error) {
      // The edge of the retention window has reached exactly the ledger we finished: the server
      // refuses the cursor, but nothing after it is gone.
      const oldest = error instanceof SourceError ? error.range?.oldest : undefined
      const edge =
        'after' in start && oldest !== undefined && completeThrough(start.after) + 1 === oldest
      if (!edge) throw error
      const again = { startLedger: oldest, filters, pagination: { limit } }
      return client.call('getEvents', again, signal, oldest)
    }
  }

  /**
   * A page that looks at no more ledgers than the server has the time for. A range begins with the
   * whole ledger that a cursor may be in the middle of: what lies before the cursor is left out.
   */
  async function narrowPage(
    start: PageStart,
    endLedger: number,
    limit: number,
    signal: AbortSignal,
  ): Promise<LedgerPage> {
    const startLedger = firstLedgerOf(start)
    const after = 'after' in start ? start.after : ''
    const pagination = { limit }
    const params = { startLedger, endLedger, filters, pagination }
    const answer = await client.call('getEvents', params, signal, startLedger)
    const page = readPage(answer, limit, contractId, readTime)
    if (page.full && page.cursor <= after && limit < MAX_LIMIT) {
      return narrowPage(start, endLedger, Math.min(limit * 2, MAX_LIMIT), signal)
    }
    return { ...page, events: page.events.filter(({ id }) => id > after) }
  }

  async function widePage(
    start: PageStart,
    limit: number,
    signal: AbortSignal,
  ): Promise<LedgerPage> {
    return readPage(await getEvents(start, limit, signal), limit, contractId, readTime)
  }

  async function boundedPage(
    start: PageStart,
    limit: number,
    signal: AbortSignal,
  ): Promise<LedgerPage> {
    const from = firstLedgerOf(start)
    if (scan.isLost()) await findTip(signal)
    const end = scan.end(from)
    try {
      const page = await (end === undefined
        ? widePage(start, limit, signal)
        : narrowPage(start, end, limit, signal))
      scan.see(page.tip.ledger)
      scan.answered()
      return page
    } catch (error) {
      if (error instanceof SourceError && TIME_LIMIT.test(error.message)) scan.gaveUp(from)
      throw error
    }
  }

  /** Where it cannot be had, the last one that is known will do. */
  async function findTip(signal: AbortSignal): Promise<void> {
    try {
      scan.see((await readRange(signal)).latestLedger)
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
    }
  }

  async function readRange(signal: AbortSignal): Promise<LedgerRange> {
    const answer = await client.call('getHealth', undefined, signal)
    const oldestLedger = wireNumber(answer['oldestLedger'])
    const latestLedger = wireNumber(answer['latestLedger'])
    if (oldestLedger === undefined || latestLedger === undefined) {
      throw malformed('getHealth', 'a range of ledgers')
    }
    return { oldestLedger, latestLedger }
  }

  async function readLedger(
    sequence: number,
    signal: AbortSignal,
  ): Promise<LedgerHeader | undefined> {
    const params = { startLedger: sequence, pagination: { limit: 1 } }
    const answer = await client.call('getLedgers', params, signal, sequence)
    const parsed = Ledgers.safeParse(answer)
    if (!parsed.success) throw malformed('getLedgers', 'ledgers')
    return parsed.data.ledgers.find((ledger) => ledger.sequence === sequence)
  }

  /** Close time of a ledger that is not the latest; unknown rather than a failed page. */
  async function closeTime(ledger: number, signal: AbortSignal): Promise<number | undefined> {
    try {
      return (await readLedger(ledger, signal))?.closedAt
    } catch (error) {
      if (error instanceof SourceError) return undefined
      throw error
    }
  }

  return {
    async network(signal) {
      const { passphrase } = await client.call('getNetwork', undefined, signal)
      if (typeof passphrase !== 'string') throw malformed('getNetwork', 'a passphrase')
      return { passphrase }
    },

    range: readRange,
    extent: readRange,
    reconnect: () => client.reconnect?.(),

    async page(start, limit, signal) {
      const page = await boundedPage(start, limit, signal)
      checkOrder(page, start)
      if (page.closedAt !== undefined) return page
      const closedAt = await closeTime(ledgerOf(page.cursor), signal)
      return { ...page, closedAt }
    },

    async ledger(sequence, signal) {
      try {
        return await readLedger(sequence, signal)
      } catch (error) {
        // Its range error has another wording than getEvents': both sides mean "not here".
        if (error instanceof SourceError && OUT_OF_RANGE.test(error.message)) return undefined
        throw error
      }
    },

    async entries(keys, signal) {
      const answer = await client.call('getLedgerEntries', { keys }, signal)
      const parsed = Entries.safeParse(answer)
      if (!parsed.success) throw malformed('getLedgerEntries', 'entries')
      return parsed.data
    },
  }
}

/** The first ledger of which something may be on a page. */
function firstLedgerOf(start: PageStart): number {
  return 'after' in start ? completeThrough(start.after) + 1 : start.startLedger
}

function readPage(
  answer: Answer,
  limit: number,
  contractId: string,
  readTime: (text: unknown) => number,
): LedgerPage {
  const wireEvents = answer['events']
  const latestLedger = wireNumber(answer['latestLedger'])
  if (!Array.isArray(wireEvents)) throw malformed('getEvents', 'events')
  if (latestLedger === undefined) throw malformed('getEvents', 'the latest ledger')
  const events: RawEvent[] = []
  for (const wireEvent of wireEvents) {
    if (typeof wireEvent !== 'object' || wireEvent === null) throw malformed('getEvents', 'events')
    const event = readEvent(wireEvent as WireEvent, contractId, readTime)
    if (event !== undefined) events.push(event)
  }
  const full = wireEvents.length >= limit
  const cursor = readCursor(answer)
  const tip = { ledger: latestLedger, closedAt: wireNumber(answer['latestLedgerCloseTime']) }
  return {
    events,
    cursor,
    full,
    closedAt: closedAtOf(cursor, events, tip),
    tip,
    oldest: oldestOf(answer),
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
  wire: WireEvent,
  contractId: string,
  readTime: (text: unknown) => number,
): RawEvent | undefined {
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

function readCursor({ cursor: given }: Answer & { cursor?: unknown }): Cursor {
  // Servers before v22 do not tell how far a page has looked, and guessing loses events.
  if (given === undefined) throw tooOld()
  const cursor = typeof given === 'string' ? parseCursor(given) : undefined
  if (cursor === undefined) throw malformed('getEvents', 'a cursor')
  return cursor
}

/** Ids ascend, lie behind where the page started and not behind where it ended, which moves on. */
function checkOrder({ events, cursor, full, tip }: LedgerPage, start: PageStart): void {
  let before = 'after' in start ? start.after : ''
  for (const { id } of events) {
    if (id <= before) throw malformed('getEvents', `events in order: ${id} came after ${before}`)
    before = id
  }
  if (cursor < before) throw malformed('getEvents', `a cursor behind its events: ${cursor}`)
  const stuck = !full && cursor === before && completeThrough(cursor) < tip.ledger
  if (stuck) throw malformed('getEvents', `a cursor that moves, though ${tip.ledger} has closed`)
}

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

function oldestOf(answer: Answer): LedgerPoint | undefined {
  const ledger = wireNumber(answer['oldestLedger'])
  if (ledger === undefined) return undefined
  return { ledger, closedAt: wireNumber(answer['oldestLedgerCloseTime']) }
}

/** The same number is a number in one answer and a decimal string in the next. */
function wireNumber(value: unknown): number | undefined {
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

function malformed(method: string, what: string): SourceError {
  return new SourceError('malformed', `the answer to ${method} does not have ${what}`)
}

function tooOld(): SourceError {
  return new SourceError(
    'refused',
    'this RPC server is too old to be indexed without loss: stellar-rpc v22 or later is needed',
  )
}
