import { setImmediate as nextTurn, setTimeout as realSleep } from 'node:timers/promises'
import type { Clock } from '../../src/domain/clock.ts'
import type { LedgerSource } from '../../src/source/source.ts'

/**
 * A clock for tests: hours pass in a moment, and a busy machine changes nothing. It moves only
 * while a test waits with one of these methods. It jumps to the next sleeper when nothing else has
 * happened for a few turns of the event loop.
 */
export interface VirtualTime extends Clock {
  /** Calls `run` after this many milliseconds; returns how to cancel that. */
  after(milliseconds: number, run: () => void): () => void
  /** Lets time pass until the condition holds. Throws if it does not within `limitMs`. */
  until(condition: () => boolean, limitMs?: number): Promise<void>
  /** Lets this much time pass. */
  pass(milliseconds: number): Promise<void>
  /** Lets time pass until the promise settles. */
  during<T>(promise: Promise<T>): Promise<T>
  /** The same source, but time stands still during its calls. For sources on real sockets. */
  around(source: LedgerSource): LedgerSource
}

/** A day: a condition that does not hold by then never will. */
const LIMIT_MS = 86_400_000
/** Turns of the event loop that a woken sleeper has for its work. */
const QUIET_TURNS = 4

interface Sleeper {
  wakesAt: number
  wake(): void
}

export function createVirtualTime(): VirtualTime {
  let time = 0
  let calls = 0
  let sleepers: Sleeper[] = []

  /** When the next sleeper wakes; resolves when nothing else happens any more. */
  async function next(): Promise<number> {
    for (let quiet = 0; quiet < QUIET_TURNS;) {
      // A socket needs real time, and a busy loop here would slow it down.
      await (calls > 0 ? realSleep(1) : nextTurn())
      quiet = calls > 0 ? 0 : quiet + 1
    }
    return Math.min(...sleepers.map(({ wakesAt }) => wakesAt))
  }

  function moveTo(moment: number): void {
    time = Math.max(time, moment)
    const due = sleepers.filter(({ wakesAt }) => wakesAt <= time)
    sleepers = sleepers.filter(({ wakesAt }) => wakesAt > time)
    for (const { wake } of due) wake()
  }

  async function until(condition: () => boolean, limitMs = LIMIT_MS): Promise<void> {
    const end = time + limitMs
    while (!condition()) {
      const moment = await next()
      if (condition()) return
      // Without a sleeper, the test waits for something real.
      if (moment === Number.POSITIVE_INFINITY) await realSleep(1)
      else if (moment > end) throw new Error(`not within ${limitMs} ms of virtual time`)
      else moveTo(moment)
    }
  }

  function after(milliseconds: number, wake: () => void): () => void {
    const sleeper = { wakesAt: time + Math.max(0, milliseconds), wake }
    sleepers.push(sleeper)
    return () => void (sleepers = sleepers.filter((other) => other !== sleeper))
  }

  async function asking<T>(call: () => Promise<T>): Promise<T> {
    calls += 1
    try {
      return await call()
    } finally {
      calls -= 1
    }
  }

  return {
    now: () => time,
    after,
    async sleep(milliseconds, signal) {
      if (signal?.aborted) return
      const { promise, resolve } = Promise.withResolvers<void>()
      const cancel = after(milliseconds, resolve)
      const leave = () => {
        cancel()
        resolve()
      }
      signal?.addEventListener('abort', leave, { once: true })
      await promise
      signal?.removeEventListener('abort', leave)
    },
    until,
    async pass(milliseconds) {
      const end = time + milliseconds
      while (time < end) moveTo(Math.min(end, await next()))
      await next()
    },
    async during(promise) {
      let settled = false
      const end = () => void (settled = true)
      promise.then(end, end)
      await until(() => settled)
      return promise
    },
    around: (source) => ({
      ...source,
      network: (signal) => asking(() => source.network(signal)),
      range: (signal) => asking(() => source.range(signal)),
      extent: (signal) => asking(() => source.extent(signal)),
      page: (start, limit, signal) => asking(() => source.page(start, limit, signal)),
      ledger: (sequence, signal) => asking(() => source.ledger(sequence, signal)),
      entries: (keys, signal) => asking(() => source.entries(keys, signal)),
    }),
  }
}
