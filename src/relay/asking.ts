import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { openRedis } from './connection.ts'
import { openChannels } from './channels.ts'
import type { Channels } from './channels.ts'

/**
 * Questions to all processes of all nodes that serve, this one included. Redis says how many have
 * got a question, so no list of nodes is needed, and a node that has gone is not waited for.
 */
export interface Asking<Q, A> {
  /** Rejects while Redis is away. */
  ask(question: Q): Promise<Answers<A>>
  close(): void
}

export interface Answers<A> {
  answers: A[]
  /** How many have got the question, and did not answer in time. */
  missing: number
}

interface AskingDeps<Q, A> {
  redisUrl: string
  /** Of the keys of this network and contract. */
  prefix: string
  logger: Logger
  /** Answers for this process. */
  answer(question: Q): Promise<A>
}

/** Longer than it takes to close thousands of subscriptions. */
const ANSWER_MS = 3_000

interface Asked<Q> {
  question: Q
  /** The channel of who asks, and its number for the question. */
  to: string
  number: number
}

interface Answered<A> {
  number: number
  answer: A
}

/** Answers that have come, and how many are expected once Redis has said so. */
interface Pending<A> {
  answers: A[]
  expected: number
  done: PromiseWithResolvers<void>
}

/** Questions and answers are JSON. */
export async function openAsking<Q, A>(deps: AskingDeps<Q, A>): Promise<Asking<Q, A>> {
  const { redisUrl, prefix, logger } = deps
  const redis = await openRedis(redisUrl, logger)
  const everybody = `${prefix}ask`
  const own = `${prefix}answers:${randomUUID()}`
  const pending = new Map<number, Pending<A>>()
  let count = 0

  async function answer({ question, to, number }: Asked<Q>): Promise<void> {
    const answered: Answered<A> = { number, answer: await deps.answer(question) }
    await redis.send(['PUBLISH', to, JSON.stringify(answered)])
  }

  function receive({ number, answer: given }: Answered<A>): void {
    const waiting = pending.get(number)
    waiting?.answers.push(given)
    if (waiting && waiting.answers.length >= waiting.expected) waiting.done.resolve()
  }

  const channels: Channels = await openChannels(
    redisUrl,
    new Map([
      [
        everybody,
        (text) => {
          // Who asks goes without the answer if it cannot be sent.
          answer(JSON.parse(text) as Asked<Q>).catch((error: unknown) => {
            logger.warn({ err: error }, 'a question of another node could not be answered')
          })
        },
      ],
      [own, (text) => receive(JSON.parse(text) as Answered<A>)],
    ]),
  )

  return {
    async ask(question) {
      if (!channels.isListening()) throw new Error('Redis cannot be reached')
      const number = (count += 1)
      const waiting: Pending<A> = {
        answers: [],
        expected: Infinity,
        done: Promise.withResolvers(),
      }
      pending.set(number, waiting)
      const late = setTimeout(waiting.done.resolve, ANSWER_MS)
      try {
        const asked: Asked<Q> = { question, to: own, number }
        waiting.expected = Number(await redis.send(['PUBLISH', everybody, JSON.stringify(asked)]))
        if (waiting.answers.length < waiting.expected) await waiting.done.promise
        const { answers, expected } = waiting
        return { answers, missing: expected - answers.length }
      } finally {
        clearTimeout(late)
        pending.delete(number)
      }
    },
    close() {
      channels.close()
      redis.close()
    },
  }
}
