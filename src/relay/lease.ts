import { realClock } from '../domain/clock.ts'
import type { Clock } from '../domain/clock.ts'
import type { Carrier } from './carrier.ts'

/**
 * The right to ask the RPCs and to publish. It lasts for some seconds and is renewed. By our own
 * clock it ends before Redis gives it to another node: the time counts from before the request.
 */
export interface Lease {
  /** Renews it, and tries to get it when `wanted` says so, until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
  /** The lease while it is ours. */
  held(): string | undefined
  /** While it is ours: aborts when it no longer is. */
  signal(): AbortSignal | undefined
  /** Redis said that it is not ours. */
  lose(): void
  release(): Promise<void>
  /** Who has it, as last heard. */
  known(): KnownLease | undefined
  /** How long nobody has had it, as far as we know; 0 while somebody has it. */
  freeForMs(): number
}

export interface KnownLease {
  name: string
  /** Milliseconds of the wall clock, for people. */
  until: number
}

export interface LeaseDeps extends Partial<Clock> {
  carrier: Pick<Carrier, 'lease' | 'release'>
  /** Unique for this process. */
  id: string
  name: string
  milliseconds: number
  /** Whether this node may lead now. */
  wanted(): boolean
}

/** How soon a free lease is noticed. */
const LOOK_MS = 200

export function createLease(deps: LeaseDeps): Lease {
  const { carrier, id, name, milliseconds, wanted } = deps
  const { now = realClock.now, sleep = realClock.sleep } = deps
  let mine: { lease: string; deadline: number; ending: AbortController } | undefined
  let known: KnownLease | undefined
  let freeSince: number | undefined
  let isReleased = false

  function lose(): void {
    mine?.ending.abort(new Error('this node is no longer the leader'))
    mine = undefined
  }

  function held(): string | undefined {
    if (mine !== undefined && now() >= mine.deadline) lose()
    return mine?.lease
  }

  async function ask(): Promise<void> {
    const began = now()
    const before = held()
    const answer = await carrier.lease({
      mine: before,
      milliseconds,
      take: before === undefined && wanted() && !isReleased,
      owner: `${id} ${name}`,
    })
    known = answer && { name: answer.name, until: Date.now() + answer.leftMs }
    freeSince = answer === undefined ? (freeSince ?? now()) : undefined
    if (mine !== undefined && answer?.lease === mine.lease) mine.deadline = began + milliseconds
    else {
      lose()
      if (answer?.owner !== id) return
      // It came after it was given back.
      if (isReleased) await carrier.release(answer.lease)
      else gain(answer.lease, began + answer.leftMs)
    }
  }

  function gain(lease: string, end: number): void {
    mine = { lease, deadline: Math.min(end, now() + milliseconds), ending: new AbortController() }
  }

  async function tick(): Promise<void> {
    try {
      await ask()
    } catch {
      // Redis is away: the connection says so. The lease ends by our own clock.
      freeSince = undefined
    }
    held()
  }

  return {
    async run(signal) {
      isReleased = false
      while (!signal.aborted) {
        await tick()
        const pause = mine === undefined ? Math.min(LOOK_MS, milliseconds / 4) : milliseconds / 4
        const left = mine === undefined ? Infinity : mine.deadline - now()
        await sleep(Math.max(0, Math.min(pause, left)), signal)
      }
    },
    held,
    signal: () => (held() === undefined ? undefined : mine?.ending.signal),
    lose,
    async release() {
      isReleased = true
      const lease = mine?.lease
      lose()
      if (lease !== undefined) await carrier.release(lease)
    },
    known: () => known,
    freeForMs: () => (freeSince === undefined ? 0 : now() - freeSince),
  }
}
