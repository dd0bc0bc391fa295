import type { Cursor } from '../domain/cursor.ts'
import type { Gap } from '../store/read/coverage.ts'
import type { LogEntry } from '../store/read/log.ts'
import type { Dialect } from './dialect.ts'
import { concat, eventBlock, toBytes } from './frame.ts'
import type { Bytes } from './frame.ts'
import type { Groups } from './groups.ts'
import type { Group, Subscription } from './subscription.ts'

/** The same bytes for several subscriptions. */
export interface Payload {
  parts: readonly Bytes[]
  /** The id of the last frame. */
  last: Cursor
  isReset: boolean
  /** The parts as one buffer, made when the first socket needs it. */
  chunked: Buffer | undefined
  plain: Buffer | undefined
}

export interface Delivery {
  /** The subscriptions that were live when the delivery was made. */
  subs: readonly Subscription[]
  payload: Payload
}

/** What is on its way to the live subscriptions: a page of the log, or a reset. */
export interface Round {
  number: number
  deliveries: readonly Delivery[]
  /** How many deliveries are done, and how many subscriptions of the next one. */
  done: number
  served: number
  /** The position of a subscription that has been given the round. */
  reached: Cursor
  /** The gap that begins where the page ends. */
  gap: Gap | undefined
}

/** Encodes each event once in each dialect and collects, for each group, what matches its filter. */
export function pageDeliveries(entries: readonly LogEntry[], groups: Groups): Delivery[] {
  const touched: Group[] = []
  for (const entry of entries) {
    let own: Bytes | undefined
    let others: Map<Dialect, Bytes> | undefined
    groups.match(entry, (group) => {
      const { dialect } = group
      const bytes =
        dialect === undefined
          ? (own ??= toBytes(eventBlock(entry)))
          : translated(entry, dialect, (others ??= new Map()))
      if (group.due.length > 0) group.due.push(bytes)
      else {
        touched.push(group)
        group.due = [bytes]
      }
      group.sent = entry.id
    })
  }
  return touched.map((group) => {
    const { due: parts, sent: last, live } = group
    group.due = NONE
    const payload = { parts, last, isReset: false, chunked: undefined, plain: undefined }
    return { subs: live.slice(), payload }
  })
}

function translated(entry: LogEntry, dialect: Dialect, done: Map<Dialect, Bytes>): Bytes {
  let bytes = done.get(dialect)
  if (bytes === undefined) done.set(dialect, (bytes = toBytes(dialect.eventBlock(entry))))
  return bytes
}

/** Shared by all groups that have nothing due: it must stay empty. */
const NONE: never[] = []

/** One reset for all of `subs`; `last` is its id. */
export function resetDelivery(
  subs: readonly Subscription[],
  { text, last }: { text: string; last: Cursor },
): Delivery {
  const parts = [toBytes(text)]
  return { subs, payload: { parts, last, isReset: true, chunked: undefined, plain: undefined } }
}

export function bytesOf(payload: Payload, chunked: boolean): Buffer {
  if (chunked) return (payload.chunked ??= concat(payload.parts, true))
  return (payload.plain ??= concat(payload.parts, false))
}

/** Writes between two looks at the time. */
const WRITES_PER_LOOK = 16

/**
 * Gives a round to some of the subscriptions that wait for it, at most `most` and until about `end`
 * by the process's clock; returns to how many. `give` is false if a subscription needs nothing.
 */
export function serve(
  round: Round,
  { most, end, give }: { most: number; end: number; give: Give },
): number {
  let writes = 0
  for (; round.done < round.deliveries.length; round.done += 1) {
    const delivery = round.deliveries[round.done]
    if (delivery === undefined) break
    const { subs, payload } = delivery
    for (; round.served < subs.length; round.served += 1) {
      if (writes >= most) return writes
      // The first writes are made in any case, so that each turn makes progress.
      const isLook = writes > 0 && writes % WRITES_PER_LOOK === 0
      if (isLook && performance.now() >= end) return writes
      if (give(subs[round.served], payload, round)) writes += 1
    }
    round.served = 0
  }
  return writes
}

/** Plain parameters, because it is called for each subscription and commit. */
type Give = (sub: Subscription | undefined, payload: Payload, round: Round) => boolean
