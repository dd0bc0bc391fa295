import { SourceError } from '../domain/errors.ts'
import type { Timers } from './timers.ts'

/**
 * One question to several, one after the other: the next is asked when one has failed or has had
 * the time it usually takes. The one whose answer completes the decision ends it for the others.
 */
export interface Race<E, T, R> {
  /** How many are asked at once at the beginning. */
  width: number
  /** Who is asked next, if anyone; `hopes` is how many have answered well or still may. */
  next(hopes: number): E | undefined
  /** Throws SourceError where it cannot answer; anything else ends the race. */
  ask(entrant: E, signal: AbortSignal): Promise<T>
  /** Milliseconds until another one is asked as well. */
  patienceMs(entrant: E): number
  /** What the answers so far, in order of their coming, amount to; undefined: not enough. */
  decide(answers: readonly Answer<E, T>[]): R | undefined
  /** The decision has come without an entrant that was out of time. */
  outrun(entrant: E): void
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

/** Without a decision, everyone there was to ask has answered or failed. */
export interface Outcome<E, T, R> {
  decided: R | undefined
  answers: readonly Answer<E, T>[]
  failures: readonly Failure<E>[]
}

interface Run {
  ending: AbortController
  cancel(): void
  late: boolean
}

/** An aborted signal rejects with the signal's reason. */
export async function race<E, T, R>(
  { width, next, ask, patienceMs, decide, outrun, after }: Race<E, T, R>,
  signal: AbortSignal,
): Promise<Outcome<E, T, R>> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<Outcome<E, T, R>>()
  const running = new Map<E, Run>()
  const answers: Answer<E, T>[] = []
  const failures: Failure<E>[] = []

  function launch(): boolean {
    const entrant = next(running.size + answers.length)
    if (entrant === undefined) return false
    const ending = new AbortController()
    const cancel = after(patienceMs(entrant), () => {
      run.late = true
      launch()
    })
    const run: Run = { ending, cancel, late: false }
    running.set(entrant, run)
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

  /** False once it has been called off. */
  function leave(entrant: E): boolean {
    running.get(entrant)?.cancel()
    return running.delete(entrant)
  }

  function judge(): void {
    const decided = decide(answers)
    if (decided !== undefined) {
      for (const [entrant, { late }] of running) if (late) outrun(entrant)
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
