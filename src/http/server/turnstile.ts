/**
 * Lets requests in at a pace that leaves the thread free for others. Hundreds of connections that
 * open at once bring their requests in one turn of the event loop. After a few milliseconds of them
 * the rest waits for the next turns, in each of which every address gets the same.
 */
export interface Turnstile {
  /** Runs `work` now, or in a later turn. */
  enter(key: string, work: () => void): void
  /**
   * A connection was accepted. Node accepts one in each turn of the event loop, so while more of them
   * come, requests wait for a moment: a load balancer's connection may be among those at the end.
   */
  accepted(): void
}

export interface TurnstileOptions {
  /** How long requests may take in one turn before others wait. */
  turnMs?: number
  now?: () => number
  /** Calls back in the next turn of the event loop. */
  defer?: (turn: () => void) => void
}

const TURN_MS = 4
/** What a request starts runs on after `work` returns, so its time is not known at once. */
const MOST_PER_TURN = 4
/** How long requests wait for connections, so that a flood of these does not stop requests. */
const LONGEST_BURST_MS = 50

export function createTurnstile({
  turnMs = TURN_MS,
  now = () => performance.now(),
  defer = setImmediate,
}: TurnstileOptions = {}): Turnstile {
  /** When the first request of this turn came; undefined: none has come. */
  let beganAt: number | undefined
  const waiting = new Map<string, (() => void)[]>()
  /** Since when a connection has been accepted in each turn. */
  let burstBeganAt: number | undefined
  let hasAccepted = false

  function nextTurn(): void {
    beganAt = undefined
    if (!hasAccepted) burstBeganAt = undefined
    hasAccepted = false
    if (waiting.size === 0 && burstBeganAt === undefined) return
    begin()
    if (isBurst()) return
    for (let count = 0; count < MOST_PER_TURN && waiting.size > 0; count += 1) {
      takeFirst()?.()
      if (isOver()) break
    }
  }

  function begin(): void {
    beganAt = now()
    defer(nextTurn)
  }

  function isOver(): boolean {
    return beganAt !== undefined && now() - beganAt >= turnMs
  }

  function isBurst(): boolean {
    return burstBeganAt !== undefined && now() - burstBeganAt < LONGEST_BURST_MS
  }

  /** The first of the address that has waited longest; its next one has to wait for the others. */
  function takeFirst(): (() => void) | undefined {
    for (const [key, works] of waiting) {
      const work = works.shift()
      waiting.delete(key)
      if (works.length > 0) waiting.set(key, works)
      return work
    }
    return undefined
  }

  return {
    enter(key, work) {
      if (beganAt === undefined) begin()
      if (waiting.size === 0 && !isOver() && !isBurst()) return work()
      const works = waiting.get(key)
      if (works === undefined) waiting.set(key, [work])
      else works.push(work)
      return undefined
    },
    accepted() {
      hasAccepted = true
      burstBeganAt ??= now()
      if (beganAt === undefined) begin()
    },
  }
}
