import { SourceError } from '../domain/errors.ts'
import { afterReal } from './timers.ts'

/**
 * A call that is given up after `timeoutMs` or an abort even if it never settles: sources have
 * their own time-outs, and this is for the one that does not come. The outer signal may live for
 * months, so nothing of a finished call is left on it.
 */
export async function watch<T>(
  call: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
  signal: AbortSignal,
  after = afterReal,
): Promise<T> {
  signal.throwIfAborted()
  const ending = new AbortController()
  const { promise: givenUp, reject } = Promise.withResolvers<never>()
  const giveUp = (reason: unknown) => {
    // Before the abort, so that a call which takes it as its own failure does not come first.
    reject(reason)
    ending.abort(reason)
  }
  const stop = () => giveUp(signal.reason)
  const cancel = after(timeoutMs, () => {
    giveUp(new SourceError('timeout', `a call had not settled after ${timeoutMs} ms`))
  })
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([call(ending.signal), givenUp])
  } finally {
    cancel()
    signal.removeEventListener('abort', stop)
  }
}
