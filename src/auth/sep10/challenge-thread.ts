import { Worker } from 'node:worker_threads'
import type {
  ChallengeRequest,
  ChallengeSettings,
  Evidence,
  SignedChallenge,
} from './challenges.ts'
import { Refusal, Unavailable } from './refusal.ts'

/**
 * Challenges in a thread of their own, which starts with the first of them: see `challenges.ts`.
 * Every call throws Refusal or Unavailable.
 */
export interface ChallengeThread {
  create(request: ChallengeRequest): Promise<string>
  read(transaction: string): Promise<SignedChallenge>
  verify(evidence: Evidence): Promise<void>
  close(): Promise<void>
}

export interface ChallengeQuestion {
  number: number
  task:
    | { kind: 'create'; request: ChallengeRequest }
    | { kind: 'read'; transaction: string }
    | { kind: 'verify'; evidence: Evidence }
}

/** An answer repeats the number of its question. */
export type ChallengeAnswer =
  | { number: number; kind: 'done'; value: unknown }
  | { number: number; kind: 'refused' | 'failed'; text: string }

/** A task takes a few milliseconds: with more of them waiting, requests would take seconds. */
const MOST_WAITING = 200

/** Far more than a task takes, also while the thread loads the SDK on a busy machine. */
const TASK_MS = 30_000
/** After so long without a task the thread ends: it holds the SDK, which is tens of megabytes. */
const IDLE_MS = 300_000

interface Running {
  worker: Worker
  waiting: Map<number, PromiseWithResolvers<unknown>>
  timer?: NodeJS.Timeout
}

export function createChallengeThread(settings: ChallengeSettings): ChallengeThread {
  let running: Running | undefined
  let asked = 0

  function start(): Running {
    const url = new URL('challenge.thread.ts', import.meta.url)
    const worker = new Worker(url, { workerData: settings })
    const thread: Running = { worker, waiting: new Map() }
    // It never keeps the process alive.
    worker.unref()
    worker.on('message', (answer: ChallengeAnswer) => {
      settle(thread, answer)
      watch(thread)
    })
    worker.once('error', (error) => end(thread, String(error)))
    worker.once('exit', (code) => end(thread, `the thread ended with code ${code}`))
    return thread
  }

  /** The next task starts another thread. */
  function end(thread: Running, reason: string): void {
    if (running === thread) running = undefined
    clearTimeout(thread.timer)
    for (const { reject } of thread.waiting.values()) reject(unavailable(reason))
    thread.waiting.clear()
    void thread.worker.terminate()
  }

  /** Ends the thread if it hangs, or has had nothing to do for long. */
  function watch(thread: Running): void {
    clearTimeout(thread.timer)
    const ms = thread.waiting.size > 0 ? TASK_MS : IDLE_MS
    thread.timer = setTimeout(() => end(thread, `nothing happened for ${ms} ms`), ms).unref()
  }

  async function ask<T>(task: ChallengeQuestion['task']): Promise<T> {
    const thread = (running ??= start())
    const { worker, waiting } = thread
    if (waiting.size >= MOST_WAITING) {
      throw new Unavailable('too many challenges at once; try again later')
    }
    const number = (asked += 1)
    const answered = Promise.withResolvers<unknown>()
    waiting.set(number, answered)
    if (waiting.size === 1) watch(thread)
    const question: ChallengeQuestion = { number, task }
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage(question)
    return (await answered.promise) as T
  }

  return {
    create: (request) => ask({ kind: 'create', request }),
    read: (transaction) => ask({ kind: 'read', transaction }),
    verify: (evidence) => ask({ kind: 'verify', evidence }),
    async close() {
      await running?.worker.terminate()
    },
  }
}

function settle({ waiting }: Running, answer: ChallengeAnswer): void {
  const question = waiting.get(answer.number)
  waiting.delete(answer.number)
  if (answer.kind === 'done') question?.resolve(answer.value)
  else if (answer.kind === 'refused') question?.reject(new Refusal(answer.text))
  else question?.reject(unavailable(answer.text))
}

/** The cause is for the log. */
function unavailable(cause: string): Unavailable {
  return new Unavailable('challenges cannot be checked at the moment; try again later', { cause })
}
