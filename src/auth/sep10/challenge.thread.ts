import { parentPort, workerData } from 'node:worker_threads'
import type { ChallengeAnswer, ChallengeQuestion } from './challenge-thread.ts'
import { createChallenges } from './challenges.ts'
import type { ChallengeSettings } from './challenges.ts'
import { Refusal } from './refusal.ts'

/** The thread that loads the SDK. `challenge-thread.ts` is the other end. */

if (parentPort === null) throw new Error('this file is for a thread')
const port = parentPort
const challenges = createChallenges(workerData as ChallengeSettings)

function work(task: ChallengeQuestion['task']): unknown {
  switch (task.kind) {
    case 'create':
      return challenges.create(task.request)
    case 'read':
      return challenges.read(task.transaction)
    case 'verify':
      return challenges.verify(task.evidence)
  }
}

function answer({ number, task }: ChallengeQuestion): ChallengeAnswer {
  try {
    return { number, kind: 'done', value: work(task) }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return { number, kind: error instanceof Refusal ? 'refused' : 'failed', text }
  }
}

port.on('message', (question: ChallengeQuestion) => port.postMessage(answer(question)))
