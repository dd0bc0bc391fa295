import type { Frame } from './frames.ts'

type Listener = (body: never) => void

/** Who wants to hear of which frames. `event` stands for the events of every type. */
export interface Listeners {
  /** Returns how to stop. */
  add(type: string, listener: Listener): () => void
  tell(frame: Frame): void
}

export function createListeners(): Listeners {
  const byType = new Map<string, Set<{ call: Listener }>>()

  function tellOf(type: string, { body }: Frame): void {
    for (const { call } of byType.get(type) ?? []) guarded(() => call(body as never))
  }

  return {
    add(type, call) {
      const listeners = byType.get(type) ?? new Set()
      byType.set(type, listeners)
      // An entry of its own: a function that is added twice is called twice.
      const entry = { call }
      listeners.add(entry)
      return () => void listeners.delete(entry)
    },
    tell(frame) {
      if (frame.kind === 'event') tellOf(frame.body.type, frame)
      tellOf(frame.kind, frame)
    },
  }
}

/** An error of the application is its own: it is reported as uncaught, and the feed goes on. */
export function guarded(call: () => void): void {
  try {
    call()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
