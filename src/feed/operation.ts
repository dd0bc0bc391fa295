import type { Cursor } from '../domain/cursor.ts'
import type { EventFilter } from '../domain/filter.ts'

/**
 * What an operator asks of the feed, and what comes of it. Everything is plain data, so that all
 * processes can be asked.
 */
export type Operation =
  | { kind: 'list'; query: ListQuery }
  /** How many subscriptions a user has. */
  | { kind: 'count'; user: string }
  | { kind: 'close'; which: { clientId: string } | { user: string } }
  /** Sends a message to all, or to the subscriptions of some users. */
  | { kind: 'announce'; announcement: Announcement; users?: readonly string[] | undefined }

export interface Outcome {
  /** How many subscriptions were found, closed, or sent the announcement. */
  count: number
  /** Of a list. */
  page: SubscriptionPage
}

export const ANNOUNCEMENT_LEVELS = ['info', 'warning'] as const

export interface Announcement {
  message: string
  level: (typeof ANNOUNCEMENT_LEVELS)[number]
  /** RFC 3339. */
  at: string
}

/** What a subscription does, as operators see it. */
export const SHOWN_MODES = ['live', 'replaying', 'stalled'] as const
export type ShownMode = (typeof SHOWN_MODES)[number]

export interface ListQuery {
  user?: string | undefined
  address?: string | undefined
  mode?: ShownMode | undefined
  /** The last one of the previous page. */
  after?: ListKey | undefined
  limit: number
}

/** The place of a subscription in a list: the oldest is first. */
export interface ListKey {
  /** Unix seconds. */
  openedAt: number
  clientId: string
}

export interface ListedSubscription extends ListKey {
  user: string | null
  address: string
  mode: ShownMode
  filter: EventFilter
  cursor: Cursor
  /** How many ledgers of the log it has not passed yet. */
  lagLedgers: number
}

export interface SubscriptionPage {
  /** In order. */
  listed: ListedSubscription[]
  /** There are others after the last one. */
  hasMore: boolean
}
