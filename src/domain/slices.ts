/**
 * Runs long work in turns of a few milliseconds, so that the event loop is never blocked for long.
 * Within a turn the keys (addresses of clients) take steps one after the other: a client waits for
 * one step of every other key, however much the others ask for. A step is what a generator does
 * until it yields. It should take at most a millisecond.
 */
export interface Slices {
  /**
   * Resolves with what the generator returns. If no other work is waiting, the work begins at once,
   * and short work is done before this returns. If `signal` aborts, the rest of the work is skipped
   * and the promise rejects with the signal's reason.
   */
  run<T>(key: string, work: Generator<unknown, T>, signal?: AbortSignal): Promise<T>
  /** How many pieces of work of this key are not done yet. */
  waiting(key: string): number
  /**
   * Makes the next turn short. Node accepts one connection in each round of the event loop, so long
   * turns would let hundreds of connections that come together wait for a second.
   */
  hurry(): void
}

export interface SlicesOptions {
  /** How long a turn may block the event loop. */
  turnMs?: number
  now?: () => number
  /** Calls back after the event loop has done its other work. */
  defer?: (turn: () => void) => void
}

interface Job {
  key: string
  /** Takes one step; true if it was the last. */
  step(): boolean
}

const TURN_MS = 4
const HURRIED_TURN_MS = 0.25

export function createSlices(options: SlicesOptions = {}): Slices {
  const { turnMs = TURN_MS, now = () => performance.now(), defer = setImmediate } = options
  /** By key. Keys take turns, and so do the jobs of a key: the next one is always the first. */
  const queues = new Map<string, Set<Job>>()
  let spentMs = 0
  let isDeferred = false
  let isHurried = false

  function add(job: Job): void {
    const queue = queues.get(job.key)
    if (queue === undefined) queues.set(job.key, new Set([job]))
    else queue.add(job)
  }

  function remove(job: Job): void {
    const queue = queues.get(job.key)
    queue?.delete(job)
    if (queue?.size === 0) queues.delete(job.key)
  }

  function schedule(): void {
    if (isDeferred) return
    isDeferred = true
    defer(() => {
      isDeferred = false
      spentMs = 0
      work()
      isHurried = false
    })
  }

  /** Takes steps until the turn is over or all work is done. */
  function work(): void {
    const start = now() - spentMs
    const mostMs = isHurried ? Math.min(turnMs, HURRIED_TURN_MS) : turnMs
    let isIdle = true
    for (let job = next(); job !== undefined && spentMs < mostMs; job = next()) {
      isIdle = false
      // The key goes to the end of the keys, and the job to the end of the key's jobs.
      remove(job)
      const others = queues.get(job.key)
      if (others !== undefined) {
        queues.delete(job.key)
        queues.set(job.key, others)
      }
      if (!job.step()) add(job)
      spentMs = now() - start
    }
    // Also after the last step: the next turn starts with its full time.
    if (!isIdle) schedule()
  }

  function next(): Job | undefined {
    const [queue] = queues.values()
    const [job] = queue ?? []
    return job
  }

  function run<T>(key: string, steps: Generator<unknown, T>, signal?: AbortSignal): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const job: Job = {
      key,
      step() {
        try {
          const result = steps.next()
          if (result.done !== true) return false
          resolve(result.value)
        } catch (error) {
          reject(error)
        }
        signal?.removeEventListener('abort', abort)
        return true
      },
    }
    function abort(): void {
      remove(job)
      steps.return(undefined as never)
      reject(signal?.reason)
    }
    if (signal?.aborted) {
      abort()
      return promise
    }
    signal?.addEventListener('abort', abort, { once: true })
    const isFirst = queues.size === 0
    add(job)
    if (isFirst) work()
    schedule()
    return promise
  }

  return {
    run,
    waiting: (key) => queues.get(key)?.size ?? 0,
    hurry() {
      isHurried = true
    },
  }
}
