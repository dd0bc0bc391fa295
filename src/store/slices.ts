/**
 * Work that would hold up the thread, done in turns: a few milliseconds of it, then the event loop.
 * Within a turn each key (a client's address) takes a step, one after the other, so that what one
 * asks for delays another by a step for each key, however much it asks for. A step is what a
 * generator does until it yields; it should take a millisecond at most.
 */
export interface Slices {
  /**
   * Resolves with what the generator returns. Where nobody waits the work begins at once, and a
   * short piece is done before this returns. Once `signal` aborts, the rest of the work is left
   * out and the promise rejects with the signal's reason.
   */
  run<T>(key: string, work: Generator<unknown, T>, signal?: AbortSignal): Promise<T>
  /** How much work of this key is not done yet. */
  waiting(key: string): number
}

export interface SlicesOptions {
  /** How long the event loop may have to wait. */
  turnMs?: number
  now?: () => number
  /** Calls back after the event loop has had its turn. */
  defer?: (turn: () => void) => void
}

interface Job {
  key: string
  /** One step; true when it was the last. */
  step(): boolean
}

const TURN_MS = 4

export function createSlices(options: SlicesOptions = {}): Slices {
  const { turnMs = TURN_MS, now = () => performance.now(), defer = setImmediate } = options
  /** By key; both the keys and the jobs of each take turns, so the next is always the first. */
  const queues = new Map<string, Set<Job>>()
  let spentMs = 0
  let isDeferred = false

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
    })
  }

  /** Steps until the turn is over or nothing is left to do. */
  function work(): void {
    const start = now() - spentMs
    let isIdle = true
    for (let job = next(); job !== undefined && spentMs < turnMs; job = next()) {
      isIdle = false
      // To the end of the line, in its queue and with its queue.
      remove(job)
      const others = queues.get(job.key)
      if (others !== undefined) {
        queues.delete(job.key)
        queues.set(job.key, others)
      }
      if (!job.step()) add(job)
      spentMs = now() - start
    }
    // Also after the last of it: the next turn begins with nothing spent.
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

  return { run, waiting: (key) => queues.get(key)?.size ?? 0 }
}
