/** Time and chance as the failover source needs them. */
export interface Timers {
  /** Milliseconds of a clock that never goes back. */
  now(): number
  /** From 0 to 1. */
  random(): number
  /** Calls `run` once after so many milliseconds; the answer cancels that. */
  after(milliseconds: number, run: () => void): () => void
}

/** Those of this process, except for what is given. */
export function createTimers(given: Partial<Timers>): Timers {
  const { now = () => performance.now(), random = Math.random, after = afterReal } = given
  return { now, random, after }
}

/** A timer of this process that does not keep it alive. */
export function afterReal(milliseconds: number, run: () => void): () => void {
  const timer = setTimeout(run, milliseconds).unref()
  return () => clearTimeout(timer)
}

/** Resolves after so many milliseconds; an abort rejects with the signal's reason. */
export async function rest(
  { after }: Pick<Timers, 'after'>,
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const cancel = after(milliseconds, resolve)
  const stop = () => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    await promise
  } finally {
    cancel()
    signal.removeEventListener('abort', stop)
  }
}
