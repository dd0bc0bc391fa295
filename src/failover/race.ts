import { SourceError } from '../domain/errors.ts'
import type { Timers } from './timers.ts'

/**
 * Asks one question of several entrants, until the answers are enough for a decision. The next
 * entrant is asked when one fails, or takes longer than usual. The decision calls off the rest.
 */
export interface Race<E, T, R> {
  /** How many entrants are asked at the start. */
  width: number
  /** The next entrant, if there is one. `promising`: how many have answered or still may. */
  next(promising: number): E | undefined
  /** Throws SourceError if the entrant cannot answer; any other error ends the race. */
  ask(entrant: E, signal: AbortSignal): Promise<T>
  /** Milliseconds until another entrant is asked as well. */
  patienceMs(entrant: E): number
  /** The result of the answers so far, in order of arrival; undefined if more are needed. */
  decide(answers: readonly Answer<E, T>[]): R | undefined
  /** The race was decided while this entrant was taking longer than its patience. */
  onOvertaken?(entrant: E): void
  after: Timers['after']
}

export interface Answer<E, T> {
  from: E
  answer: T
}

export interface Failure<E> {
  from: E
  error: SourceError
}

/** If nothing was decided, every entrant has answered or failed. */
export interface Outcome<E, T, R> {
  decided: R | undefined
  answers: readonly Answer<E, T>[]
  failures: readonly Failure<E>[]
}

interface Attempt {
  ending: AbortController
  cancelPatience(): void
  isLate: boolean
}

/** An abort rejects with the signal's reason. */
export async function race<E, T, R>(
  { width, next, ask, patienceMs, decide, onOvertaken, after }: Race<E, T, R>,
  signal: AbortSignal,
): Promise<Outcome<E, T, R>> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<Outcome<E, T, R>>()
  const running = new Map<E, Attempt>()
  const answers: Answer<E, T>[] = []
  const failures: Failure<E>[] = []

  function launch(): boolean {
    const entrant = next(running.size + answers.length)
    if (entrant === undefined) return false
    const ending = new AbortController()
    const cancelPatience = after(patienceMs(entrant), () => {
      attempt.isLate = true
      launch()
    })
    const attempt: Attempt = { ending, cancelPatience, isLate: false }
    running.set(entrant, attempt)
    follow(entrant, ending.signal).catch(reject)
    return true
  }

  async function follow(entrant: E, ending: AbortSignal): Promise<void> {
    let answer: T
    try {
      answer = await ask(entrant, ending)
    } catch (error) {
      if (!leave(entrant)) return
      if (!(error instanceof SourceError)) throw error
      failures.push({ from: entrant, error })
      if (!launch()) judge()
      return
    }
    if (!leave(entrant)) return
    answers.push({ from: entrant, answer })
    judge()
  }

  /** False if the attempt was already called off. */
  function leave(entrant: E): boolean {
    running.get(entrant)?.cancelPatience()
    return running.delete(entrant)
  }

  function judge(): void {
    const decided = decide(answers)
    if (decided !== undefined) {
      for (const [entrant, { isLate }] of running) if (isLate) onOvertaken?.(entrant)
      resolve({ decided, answers, failures })
    } else if (running.size === 0 && !launch()) {
      resolve({ decided: undefined, answers, failures })
    }
  }

  const stop = () => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    while (running.size < width && launch());
    if (running.size === 0) judge()
    return await promise
  } finally {
    signal.removeEventListener('abort', stop)
    for (const [entrant, { ending }] of running) {
      leave(entrant)
      ending.abort(signal.aborted ? signal.reason : new Error('another endpoint has answered'))
    }
  }
}
