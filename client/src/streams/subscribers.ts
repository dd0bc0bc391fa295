import { guarded } from '../feed/listeners.ts'

/** Who hears that something has changed: once for all that came at the same time. */
export interface Subscribers {
  /** Returns how to stop. */
  add(listener: () => void): () => void
  changed(): void
  /** Calls them a last time if there is something new. */
  close(): void
}

export function createSubscribers(): Subscribers {
  const listeners = new Set<{ call: () => void }>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let isClosed = false

  function tell(): void {
    timer = undefined
    for (const { call } of listeners) guarded(call)
  }

  return {
    add(call) {
      // An entry of its own: a function that is added twice is called twice.
      const entry = { call }
      listeners.add(entry)
      return () => void listeners.delete(entry)
    },
    changed() {
      if (!isClosed) timer ??= setTimeout(tell)
    },
    close() {
      isClosed = true
      if (timer === undefined) return
      clearTimeout(timer)
      tell()
    },
  }
}
