import { refused, refusedFor } from '../problem.ts'
import type { Refused } from '../problem.ts'

/** Refusals about subscriptions. */

export function feedFull(retryAfterSeconds: number): Refused {
  return refusedFor(
    retryAfterSeconds,
    503,
    `the limit of subscriptions is reached; try again in ${retryAfterSeconds} s (in a browser, add overload=retry so that EventSource reconnects)`,
  )
}

export function feedClosing(retryAfterSeconds: number): Refused {
  return refusedFor(
    retryAfterSeconds,
    503,
    `this server is shutting down; try again in ${retryAfterSeconds} s`,
  )
}

export function replayFull(retryAfterSeconds: number): Refused {
  return refusedFor(
    retryAfterSeconds,
    503,
    `too many subscriptions are replaying; try again in ${retryAfterSeconds} s, or subscribe with cursor=now`,
  )
}

export function userOverShare(retryAfterSeconds: number): Refused {
  return refusedFor(
    retryAfterSeconds,
    429,
    `this user has reached the limit of subscriptions; close one, or try again in ${retryAfterSeconds} s`,
  )
}

export function addressOverShare(retryAfterSeconds: number): Refused {
  return refusedFor(
    retryAfterSeconds,
    429,
    `your address has reached the limit of subscriptions; close one, or try again in ${retryAfterSeconds} s`,
  )
}

// To operators

export function noSuchSubscription(clientId: string): Refused {
  return refused(
    404,
    `no subscription ${clientId} is open; GET /admin/subscriptions lists those that are`,
  )
}

export function processMissing(count: number): Refused {
  return refusedFor(
    PROCESS_RETRY_SECONDS,
    503,
    `${count} of this server’s processes did not answer; try again in ${PROCESS_RETRY_SECONDS} s`,
  )
}

/** A process that has died has a successor by then. */
const PROCESS_RETRY_SECONDS = 2
