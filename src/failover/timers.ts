/** The time and the random numbers of the failover source; tests replace them. */
export interface Timers {
  /** Milliseconds of a clock that never goes back. */
  now(): number
  /** From 0 to 1. */
  random(): number
  /** Calls `run` once, after this many milliseconds; returns how to cancel that. */
  after(milliseconds: number, run: () => void): () => void
}

/** Those given, and the real ones for the rest. */
export function createTimers(given: Partial<Timers>): Timers {
  const { now = () => performance.now(), random = Math.random, after = afterReal } = given
  return { now, random, after }
}

/** A real timer that does not keep the process alive. */
function afterReal(milliseconds: number, run: () => void): () => void {
  const timer = setTimeout(run, milliseconds).unref()
  return () => clearTimeout(timer)
}

/** Resolves after this many milliseconds; an abort rejects with the signal's reason. */
export async function delay(
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
