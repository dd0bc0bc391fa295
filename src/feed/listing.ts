import { completeThrough, later, ORIGIN } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import type { EventFilter } from '../domain/filter.ts'
import type { ListedSubscription, ListKey, ListQuery, ShownMode } from './operation.ts'
import type { SubscriptionPage } from './operation.ts'
import type { Mode, Subscription } from './subscription.ts'
import type { LogView } from './view.ts'

/**
 * Values in all filters of a page, about half a megabyte: a filter can have thousands, and a page
 * that ends early costs its reader only another request.
 */
const MOST_VALUES = 10_000

export type Listing = (query: ListQuery) => SubscriptionPage

/** Lists the subscriptions of one process. */
export function createListing(deps: {
  view: Pick<LogView, 'end' | 'floor'>
  subscriptions(): Iterable<Subscription>
  positionOf(sub: Subscription): Cursor
}): Listing {
  const { view, subscriptions, positionOf } = deps

  function find({ user, address, mode, after, limit }: ListQuery): Subscription[] {
    let found: Subscription[] = []
    for (const sub of subscriptions()) {
      if (user !== undefined && sub.user !== user) continue
      if (address !== undefined && sub.address !== address) continue
      if (mode !== undefined && shownMode(sub.mode) !== mode) continue
      if (after !== undefined && compareKeys(sub, after) <= 0) continue
      found.push(sub)
      if (found.length > 4 * limit) found = found.sort(compareKeys).slice(0, limit + 1)
    }
    return found.sort(compareKeys)
  }

  function show(sub: Subscription): ListedSubscription {
    const { clientId, openedAt, user = null, address, mode, group } = sub
    const cursor = positionOf(sub)
    const passed = completeThrough(later(cursor, view.floor() ?? ORIGIN))
    const lagLedgers = Math.max(0, completeThrough(view.end()) - passed)
    const { filter } = group
    return {
      clientId,
      openedAt,
      user,
      address,
      mode: shownMode(mode),
      filter,
      cursor,
      lagLedgers,
    }
  }

  return (query) => {
    const found = find(query)
    const listed = found.slice(0, query.limit).map(show)
    return shorten({ listed, hasMore: found.length > listed.length })
  }
}

/** One page from the pages of several processes. */
export function mergePages(pages: readonly SubscriptionPage[], limit: number): SubscriptionPage {
  // Beyond the first end of a page that is not the last, something could be missing.
  const ends = pages.flatMap(({ listed, hasMore }) => (hasMore ? listed.slice(-1) : []))
  const [end] = ends.sort(compareKeys)
  const all = pages.flatMap(({ listed }) => listed).sort(compareKeys)
  const known = end === undefined ? all : all.filter((each) => compareKeys(each, end) <= 0)
  const listed = known.slice(0, limit)
  return shorten({ listed, hasMore: end !== undefined || listed.length < known.length })
}

/** Ends a page early whose filters are too long together. It keeps at least one subscription. */
function shorten({ listed, hasMore }: SubscriptionPage): SubscriptionPage {
  let values = 0
  const most = listed.findIndex(({ filter }, at) => {
    values += valuesIn(filter)
    return at > 0 && values > MOST_VALUES
  })
  return most === -1 ? { listed, hasMore } : { listed: listed.slice(0, most), hasMore: true }
}

function valuesIn({ streams, users, types }: EventFilter): number {
  return streams.length + users.length + (types?.length ?? 0)
}

function compareKeys(a: ListKey, b: ListKey): number {
  if (a.openedAt !== b.openedAt) return a.openedAt - b.openedAt
  if (a.clientId === b.clientId) return 0
  return a.clientId < b.clientId ? -1 : 1
}

/** One that waits for the log has nothing to replay. */
function shownMode(mode: Mode): ShownMode {
  return mode === 'replaying' || mode === 'stalled' ? mode : 'live'
}
