import type { Context } from 'hono'
import type { Slices } from '../domain/slices.ts'
import type { ClientEnv } from './client.ts'
import { respond, tookTooLong, tooMuchAtOnce } from './problem.ts'

/**
 * Does a request's work in slices, with a share for its address. Work that takes no longer than a
 * moment is done at once; of the rest each address may have a number waiting.
 */
export type Sliced = (
  c: Context<ClientEnv>,
  work: Generator<unknown, Response>,
) => Response | Promise<Response>

/** More than a browser has connections for a page, few enough that nobody waits for them long. */
const MOST_AT_ONCE = 16
const RETRY_AFTER_SECONDS = 1
const DEADLINE_MS = 30_000

export function createSliced(slices: Slices): Sliced {
  return async (c, work) => {
    const { holder, exchange } = c.env
    const { address } = holder
    if (slices.waiting(address) >= MOST_AT_ONCE) {
      return respond(tooMuchAtOnce(MOST_AT_ONCE, RETRY_AFTER_SECONDS))
    }
    const leaving = new AbortController()
    const leave = () => leaving.abort(GONE)
    const late = setTimeout(() => leaving.abort(LATE), DEADLINE_MS)
    exchange.once('close', leave)
    try {
      return await slices.run(address, work, leaving.signal)
    } catch (error) {
      if (error !== GONE && error !== LATE) throw error
      // A client that is gone reads no answer.
      return respond(tookTooLong(RETRY_AFTER_SECONDS))
    } finally {
      clearTimeout(late)
      exchange.off('close', leave)
    }
  }
}

const GONE = new Error('the client is gone')
const LATE = new Error('the work took too long')

/** Short work. It waits for its turn too, because any number of requests may ask for it. */
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
