import type { Endpoint } from './endpoint/endpoint.ts'
import type { Timers } from './timers.ts'

/** Calls to the endpoints that are not in use, so that their health and tips are known. */
export interface Probes {
  /** Called at each call to the source: a source that is never called has no timer. */
  start(): void
  close(): Promise<void>
}

export interface ProbesDeps {
  endpoints: readonly Endpoint[]
  isInUse(endpoint: Endpoint): boolean
  timers: Pick<Timers, 'after'>
}

/** How often the endpoints are checked for a probe that is due. */
const TICK_MS = 500

export function createProbes({ endpoints, isInUse, timers }: ProbesDeps): Probes {
  const closing = new AbortController()
  const running = new Map<Endpoint, Promise<void>>()
  let cancel: (() => void) | undefined

  function tick(): void {
    cancel = timers.after(TICK_MS, tick)
    for (const endpoint of endpoints) {
      if (isInUse(endpoint) || running.has(endpoint) || !endpoint.isProbeDue()) continue
      const probe = endpoint.probe(closing.signal).finally(() => running.delete(endpoint))
      running.set(endpoint, probe)
    }
  }

  return {
    start() {
      // A single endpoint needs no probes: its calls show all that a probe would.
      if (cancel === undefined && endpoints.length > 1 && !closing.signal.aborted) tick()
    },
    async close() {
      closing.abort(new Error('the source is closing'))
      cancel?.()
      await Promise.allSettled(running.values())
    },
  }
}
