import type { Timers } from './timers.ts'
import type { Endpoint } from './endpoint/endpoint.ts'

/** Questions beside the pages, so that standing and tips of the endpoints not in use are known. */
export interface Probes {
  /** From the first call on; a source that is never asked has no timer. */
  start(): void
  close(): Promise<void>
}

/** How often it is looked for endpoints whose probe is due. */
const TICK_MS = 500

export function createProbes(
  endpoints: readonly Endpoint[],
  isInUse: (endpoint: Endpoint) => boolean,
  { after }: Pick<Timers, 'after'>,
): Probes {
  const closing = new AbortController()
  const running = new Map<Endpoint, Promise<void>>()
  let cancel: (() => void) | undefined

  function tick(): void {
    cancel = after(TICK_MS, tick)
    for (const endpoint of endpoints) {
      if (isInUse(endpoint) || running.has(endpoint) || !endpoint.isProbeDue()) continue
      const probe = endpoint.probe(closing.signal).finally(() => running.delete(endpoint))
      running.set(endpoint, probe)
    }
  }

  return {
    start() {
      // Where there is only one, its callers learn all that a probe could.
      if (cancel === undefined && endpoints.length > 1 && !closing.signal.aborted) tick()
    },
    async close() {
      closing.abort(new Error('the source is closing'))
      cancel?.()
      await Promise.allSettled(running.values())
    },
  }
}
