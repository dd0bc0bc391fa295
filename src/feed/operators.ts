import type { Cursor } from '../domain/cursor.ts'
import type { Announcements } from './announcements.ts'
import type { Goodbye } from './goodbye.ts'
import { createListing } from './listing.ts'
import type { Operation, Outcome, SubscriptionPage } from './operation.ts'
import type { Subscription } from './subscription.ts'
import type { LogView } from './view.ts'

/** What an operator can do with the subscriptions of this process. */
export type Operators = (operation: Operation) => Promise<Outcome>

/** Time over which closed clients are spread, so that they do not all come back at one moment. */
const SPREAD_MS = { each: 1, most: 1_000 }
const NO_PAGE: SubscriptionPage = { listed: [], hasMore: false }

export function createOperators(deps: {
  view: LogView
  goodbye: Goodbye
  announcements: Announcements
  subscriptions(): Iterable<Subscription>
  positionOf(sub: Subscription): Cursor
}): Operators {
  const { goodbye, announcements, subscriptions } = deps
  const list = createListing(deps)

  function having(matches: (sub: Subscription) => boolean): Subscription[] {
    return [...subscriptions()].filter(matches)
  }

  return async (operation) => {
    switch (operation.kind) {
      case 'list': {
        const page = list(operation.query)
        return { count: page.listed.length, page }
      }
      case 'count': {
        const { user } = operation
        return { count: having((sub) => sub.user === user).length, page: NO_PAGE }
      }
      case 'close': {
        const { which } = operation
        const leaving = having((sub) =>
          'user' in which ? sub.user === which.user : sub.clientId === which.clientId,
        )
        const spreadMs = Math.min(leaving.length * SPREAD_MS.each, SPREAD_MS.most)
        const count = await goodbye.sayToAll(leaving, { reason: 'closed', spreadMs })
        return { count, page: NO_PAGE }
      }
      case 'announce': {
        const { announcement, users } = operation
        const chosen = users && new Set(users)
        const to = having(({ user }) => chosen?.has(user ?? '') ?? true)
        return { count: await announcements.send(announcement, to), page: NO_PAGE }
      }
    }
  }
}
