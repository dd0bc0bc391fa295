import type { Stream } from '../domain/stream.ts'
import type { StreamQuery, Streams } from '../store/read/streams.ts'
import type { WholeTotal } from '../store/read/totals.ts'

/**
 * Pages of streams by offset, with the total, as FlowFi's clients ask for them. Our lists page by
 * key, so an offset is walked to. Few clients use one.
 */
export interface PageQuery extends Pick<
  StreamQuery,
  'sender' | 'recipient' | 'token' | 'status' | 'party'
> {
  /** `anchor`: by the time from which the amount accrues. */
  sort: StreamQuery['sort'] | 'anchor'
  order: StreamQuery['order']
  limit: number
  offset: number
}

export interface StreamPage {
  rows: Stream[]
  total: number
}

const WALK_PAGE = 200

/** All steps need one snapshot. */
export function* streamPage(streams: Streams, query: PageQuery): Generator<void, StreamPage> {
  const { sort, offset, limit, ...filter } = query
  if (sort === 'anchor') return yield* pageByAnchor(streams, query)
  const known = totalOf(streams, query)
  const list: StreamQuery = { ...filter, sort, limit: WALK_PAGE }
  if (known !== undefined && offset === 0) {
    const { streams: rows } = yield* streams.list({ ...list, limit })
    return { rows, total: known }
  }
  if (known !== undefined && offset >= known) return { rows: [], total: known }
  const rows: Stream[] = []
  let seen = 0
  for (const page of walk(streams, list)) {
    if (page !== undefined) {
      const from = Math.max(0, offset - seen)
      rows.push(...page.slice(from, from + limit - rows.length))
      seen += page.length
      if (known !== undefined && rows.length === limit) break
    }
    yield
  }
  return { rows, total: known ?? seen }
}

/** A stream in the order of anchors. It is kept for many streams, so it is small. */
interface Anchored {
  anchor: bigint
  id: bigint
}

/** No index has this order: all matches are read, and the first of them kept. */
function* pageByAnchor(streams: Streams, query: PageQuery): Generator<void, StreamPage> {
  const { offset, limit, ...filter } = query
  const isBefore = filter.order === 'asc' ? isEarlier : isLater
  let first: Anchored[] = []
  let total = 0
  for (const page of walk(streams, { ...filter, sort: 'created', limit: WALK_PAGE })) {
    if (page !== undefined) {
      total += page.length
      const more = page.map(({ lastUpdateTime, streamId }) => ({
        anchor: lastUpdateTime,
        id: streamId,
      }))
      first = merge(first, more, { isBefore, most: offset + limit })
    }
    yield
  }
  const ids = first.slice(offset).map(({ id }) => id.toString())
  return { rows: ids.flatMap((id) => streams.byId(id) ?? []), total }
}

type IsBefore = (a: Anchored, b: Anchored) => boolean

/** The newer stream counts as later. */
const isEarlier: IsBefore = (a, b) => (a.anchor === b.anchor ? a.id < b.id : a.anchor < b.anchor)
const isLater: IsBefore = (a, b) => isEarlier(b, a)

/** The first of both. `sorted` is in order. */
function merge(
  sorted: readonly Anchored[],
  more: readonly Anchored[],
  { isBefore, most }: { isBefore: IsBefore; most: number },
): Anchored[] {
  const others = more.toSorted((a, b) => (isBefore(a, b) ? -1 : 1))
  const merged: Anchored[] = []
  let [at, other] = [0, 0]
  while (merged.length < most) {
    const [a, b] = [sorted[at], others[other]]
    if (a !== undefined && (b === undefined || isBefore(a, b))) {
      merged.push(a)
      at += 1
    } else if (b !== undefined) {
      merged.push(b)
      other += 1
    } else break
  }
  return merged
}

/** Page after page; undefined when only time has passed. */
function* walk(streams: Streams, query: StreamQuery): Generator<Stream[] | undefined, void> {
  let { after } = query
  for (;;) {
    const steps = streams.list({ ...query, after })
    let step = steps.next()
    for (; step.done !== true; step = steps.next()) yield undefined
    const { streams: page, next } = step.value
    yield page
    if (next === undefined) return
    after = next
  }
}

/** The number of matches, if the sums that the store keeps give it. */
function totalOf(streams: Streams, query: PageQuery): number | undefined {
  const { token, status } = query
  return totalsOf(streams, query)
    ?.filter((total) => token === undefined || total.tokenAddress === token)
    .filter((total) => status === undefined || total.status === status)
    .reduce((sum, total) => sum + total.streams, 0)
}

function totalsOf(streams: Streams, query: PageQuery): WholeTotal[] | undefined {
  const { sender, recipient, party } = query
  const address = sender ?? recipient
  if (sender !== undefined && recipient !== undefined) return undefined
  if (party !== undefined && party !== address) return undefined
  if (address === undefined) return streams.wholeTotals()
  const wanted = sender === undefined ? 'recipient' : 'sender'
  return streams.totals(address).filter(({ side }) => side === wanted)
}
