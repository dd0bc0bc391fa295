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

interface Running {
  worker: Worker
  waiting: Map<number, PromiseWithResolvers<unknown>>
}

export function createChallengeThread(settings: ChallengeSettings): ChallengeThread {
  let running: Running | undefined
  let asked = 0

  function start(): Running {
    const worker = new Worker(new URL('challenge.thread.ts', import.meta.url), {
      workerData: settings,
    })
    const started: Running = { worker, waiting: new Map() }
    // It never keeps the process alive.
    worker.unref()
    worker.on('message', (answer: ChallengeAnswer) => settle(started, answer))
    const end = (reason: unknown) => {
      if (running === started) running = undefined
      for (const { reject } of started.waiting.values()) reject(unavailable(String(reason)))
      started.waiting.clear()
    }
    worker.once('error', end)
    worker.once('exit', (code) => end(`the thread ended with code ${code}`))
    return started
  }

  async function ask<T>(task: ChallengeQuestion['task']): Promise<T> {
    const { worker, waiting } = (running ??= start())
    if (waiting.size >= MOST_WAITING) throw unavailable('too many challenges at once')
    const number = (asked += 1)
    const answered = Promise.withResolvers<unknown>()
    waiting.set(number, answered)
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
