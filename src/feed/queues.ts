import type { Slices } from '../domain/slices.ts'
import type { Subscription } from './subscription.ts'

/**
 * The subscriptions that have pages to pull. Those of one address wait in one queue, and the queues
 * share the time for such work (`slices`): an address with a thousand replays delays another no
 * more than an address with one.
 */
export interface Queues {
  add(sub: Subscription): void
  delete(sub: Subscription): void
  /** No other subscription waits in any queue while this one is served. */
  isAlone(sub: Subscription): boolean
  /** Ends the work under way: the database can be closed at once. */
  close(): void
}

export function createQueues(deps: {
  slices: Slices
  /** Gives a subscription one page, in steps; true if there is another to pull. */
  pull(sub: Subscription): Generator<void, boolean>
}): Queues {
  const { slices, pull } = deps
  /** By address; subscriptions in the order in which they pull. */
  const queues = new Map<string, Set<Subscription>>()
  const closing = new AbortController()

  function start(address: string, first: Subscription): void {
    const queue = new Set([first])
    queues.set(address, queue)
    // Not at once: the caller is in the middle of its own step.
    setImmediate(() => {
      // An error of SQLite or of our own must end the process, as it does in a commit.
      slices.run(address, serve(address, queue), closing.signal).catch((error: unknown) => {
        if (closing.signal.aborted) return
        setImmediate(() => {
          throw error
        })
      })
    })
  }

  function* serve(address: string, queue: Set<Subscription>): Generator<void, void> {
    // The loop also reaches the subscriptions that are added at the end of the queue meanwhile.
    for (const sub of queue) {
      queue.delete(sub)
      if (yield* pull(sub)) queue.add(sub)
      yield
    }
    queues.delete(address)
  }

  return {
    add(sub) {
      const queue = queues.get(sub.address)
      if (queue === undefined) start(sub.address, sub)
      else queue.add(sub)
    },
    delete: (sub) => void queues.get(sub.address)?.delete(sub),
    close: () => closing.abort(),
    isAlone: ({ address }) => queues.size <= 1 && (queues.get(address)?.size ?? 0) === 0,
  }
}
