import type { Socket } from 'node:net'
import { ORIGIN } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import type { EventFilter } from '../domain/filter.ts'
import type { Admission, Holder, Refusal } from './admission.ts'
import { connectedFrame } from './control-frames.ts'
import type { Dialect } from './dialect.ts'
import type { Goodbye } from './goodbye.ts'
import type { Groups } from './groups.ts'
import type { FeedLimits } from './limits.ts'
import type { Live } from './live.ts'
import { TICK_MS } from './outlet.ts'
import { createSubscription, typesOf } from './subscription.ts'
import type { Subscription } from './subscription.ts'
import type { LogView } from './view.ts'

export interface SubscribeRequest extends Holder {
  socket: Socket
  chunked: boolean
  filter: EventFilter
  /** A position, `earliest` or `now`. */
  cursor: string
  clientId: string
  /** After this time its client has to identify itself again; undefined: never. */
  lifetimeMs?: number | undefined
  /** What its client calls the request, for clients that want to know. */
  requestId?: string | undefined
  /** Default: our own. */
  dialect?: Dialect | undefined
  /** It is not ended for its age. */
  isAgeless?: boolean | undefined
  /** Among all processes, if there are others. */
  place?: number | undefined
  /** The head of the response, ASCII: it is sent in one write with the first frame. */
  head?: string
}

/** How a subscription begins: where it starts, whether there is room for it, its first frame. */
export interface Opening {
  /** Why there is no room for another subscription of this holder from this position. */
  refusal(holder: Holder, cursor: string): Refusal | undefined
  /** Admits a subscription that is not refused. */
  admit(request: SubscribeRequest): Subscription
  firstFrame(request: SubscribeRequest, start: Cursor): string
}

export function createOpening(deps: {
  admission: Admission
  groups: Groups
  view: LogView
  live: Live
  limits: Pick<FeedLimits, 'maxAgeMs' | 'heartbeatMs'>
  clock(): number
  random(): number
  goodbye: Goodbye
}): Opening {
  const { admission, groups, view, live, limits, clock, random, goodbye } = deps

  function startOf(cursor: string): Cursor {
    if (cursor === 'now') return live.frontier()
    return cursor === 'earliest' ? (view.floor() ?? ORIGIN) : cursor
  }

  /** Between 80 and 100 % of the maximum age, so that not all of them end together. */
  function ageTicks(): number {
    return Math.ceil((limits.maxAgeMs / TICK_MS) * (0.8 + random() * 0.2))
  }

  return {
    refusal: (holder, cursor) => admission.refusal(holder, startOf(cursor) < live.frontier()),
    admit(request) {
      const { socket, chunked, filter, cursor, address, user, dialect } = request
      const { clientId, isAgeless = false, lifetimeMs = Infinity } = request
      const tick = clock()
      const age = isAgeless ? NEVER : ageTicks()
      const lifetime = Math.ceil(lifetimeMs / TICK_MS)
      const start = startOf(cursor)
      const isResumed = cursor !== 'now' && cursor !== 'earliest'
      const countsAsReplaying = start < live.frontier()
      admission.admit({ address, user }, countsAsReplaying)
      return createSubscription({
        clientId,
        openedAt: Math.floor(Date.now() / 1_000),
        socket,
        chunked,
        group: groups.enter(filter, dialect),
        address,
        user,
        expiresAt: Math.min(NEVER, tick + Math.min(age, lifetime)),
        endsFor: lifetime < age ? 'token_expired' : 'max_age',
        start,
        tick,
        fromOrigin: start === ORIGIN && cursor !== ORIGIN,
        missed: isResumed && view.isCorrected(start),
        countsAsReplaying,
        resumed: isResumed ? 'exact' : 'none',
      })
    },
    firstFrame({ clientId, requestId, filter, dialect }, start) {
      const retryMs = goodbye.retryMs()
      const heartbeatSeconds = limits.heartbeatMs / 1_000
      const head = live.head()
      const types = typesOf(filter).map((type) => dialect?.nameOf(type) ?? type)
      return connectedFrame({
        retryMs,
        clientId,
        requestId,
        start,
        head,
        heartbeatSeconds,
        types,
      })
    },
  }
}

/** A tick that is decades away: still a small integer. */
const NEVER = 2 ** 30
