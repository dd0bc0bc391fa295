import type { Context } from 'hono'
import type { Slices } from '../domain/slices.ts'
import type { ClientEnv } from './client.ts'
import { respond, tookTooLong, tooMuchAtOnce } from './problem.ts'

/**
 * Runs the work of a request in short turns, so that it does not block the thread. Work that takes
 * only a moment is done at once. Beyond a number of requests under way, an address gets a 429.
 */
export type Sliced = (
  c: Context<ClientEnv>,
  work: Generator<unknown, Response>,
) => Response | Promise<Response>

/** More than the connections of one browser, few enough that others do not wait long. */
const MOST_AT_ONCE = 16
/** So that one address cannot hold every snapshot of the store, of which there are four. */
const MOST_UNDER_WAY = 2
const RETRY_AFTER_SECONDS = 1
const DEADLINE_MS = 30_000

export function createSliced(slices: Slices): Sliced {
  /** Pieces of work under way, by address. */
  const underWay = new Map<string, number>()

  /** Begins the work once few enough others of its address are under way. */
  function* inTurn(address: string, work: Generator<unknown, Response>) {
    while ((underWay.get(address) ?? 0) >= MOST_UNDER_WAY) yield
    underWay.set(address, (underWay.get(address) ?? 0) + 1)
    try {
      return yield* work
    } finally {
      const left = (underWay.get(address) ?? 1) - 1
      if (left > 0) underWay.set(address, left)
      else underWay.delete(address)
    }
  }

  return async (c, work) => {
    const { holder, exchange } = c.env
    const { address } = holder
    if (slices.waiting(address) >= MOST_AT_ONCE) {
      return respond(tooMuchAtOnce(MOST_AT_ONCE, RETRY_AFTER_SECONDS))
    }
    // If the client has left, the answer is dropped.
    if (exchange.closed) return respond(tookTooLong(RETRY_AFTER_SECONDS))
    const leaving = new AbortController()
    const leave = () => leaving.abort(GONE)
    const late = setTimeout(() => leaving.abort(LATE), DEADLINE_MS)
    exchange.once('close', leave)
    try {
      return await slices.run(address, inTurn(address, work), leaving.signal)
    } catch (error) {
      if (error !== GONE && error !== LATE) throw error
      return respond(tookTooLong(RETRY_AFTER_SECONDS))
    } finally {
      clearTimeout(late)
      exchange.off('close', leave)
    }
  }
}

const GONE = new Error('the client has left')
const LATE = new Error('the work took too long')

/** Short work. It waits for its turn as well, because many requests at once are not short. */
export function* inOneStep<T>(work: () => T): Generator<void, T> {
  yield
  return work()
}

/** All steps at once. */
export function drain<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}
