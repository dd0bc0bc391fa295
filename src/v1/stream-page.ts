import type { Stream } from '../domain/stream.ts'
import type { StreamQuery, Streams } from '../store/read/streams.ts'
import type { WholeTotal } from '../store/read/totals.ts'
import { createFirst } from './anchors.ts'

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

/** No index has this order: all matches are read, and the first of them kept. */
function* pageByAnchor(streams: Streams, query: PageQuery): Generator<void, StreamPage> {
  const { offset, limit, order, ...filter } = query
  const known = totalOf(streams, query)
  if (known !== undefined && offset >= known) return { rows: [], total: known }
  const first = createFirst({ order, most: offset + limit })
  let total = 0
  for (const page of walk(streams, { ...filter, order, sort: 'created', limit: WALK_PAGE })) {
    if (page !== undefined) {
      total += page.length
      yield* first.add(page)
    }
    yield
  }
  const ids = yield* first.ids({ offset, limit })
  return { rows: ids.flatMap((id) => streams.byId(id.toString()) ?? []), total }
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
