import { SourceError } from '../domain/errors.ts'
import type { Timers } from './timers.ts'

export interface WatchOptions {
  timeoutMs: number
  after: Timers['after']
}

/**
 * Gives a call up after `timeoutMs` or at an abort, even if it never settles. Sources have their
 * own time-outs; this one is for a source whose time-out fails. The outer signal may live for
 * months, so a finished call leaves no listener on it.
 */
export async function watch<T>(
  call: (signal: AbortSignal) => Promise<T>,
  { timeoutMs, after }: WatchOptions,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted()
  const ending = new AbortController()
  const { promise: givenUp, reject } = Promise.withResolvers<never>()
  const giveUp = (reason: unknown) => {
    // Reject first: the call may fail at the abort, and its own error must not win.
    reject(reason)
    ending.abort(reason)
  }
  const stop = () => giveUp(signal.reason)
  const cancel = after(timeoutMs, () => {
    giveUp(new SourceError('timeout', `no answer within ${timeoutMs} ms`))
  })
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([call(ending.signal), givenUp])
  } finally {
    cancel()
    signal.removeEventListener('abort', stop)
  }
}
