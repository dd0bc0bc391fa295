/** Questions to another process. Each has a number, which the answer repeats. */
export interface Questions<Answer> {
  /** Asks with `send`. Returns undefined if no answer comes in time. */
  ask(send: (question: number) => void): Promise<Answer | undefined>
  /** Takes the answer to a question. One that is too late is ignored. */
  answer(question: number, answer: Answer): void
}

export function createQuestions<Answer>(timeoutMs: number): Questions<Answer> {
  const open = new Map<number, (answer: Answer) => void>()
  let asked = 0

  return {
    async ask(send) {
      const question = (asked += 1)
      const { promise, resolve } = Promise.withResolvers<Answer | undefined>()
      open.set(question, resolve)
      const late = setTimeout(() => resolve(undefined), timeoutMs)
      // A process that ends does not wait for an answer.
      late.unref()
      send(question)
      const answer = await promise
      clearTimeout(late)
      open.delete(question)
      return answer
    },
    answer: (question, answer) => open.get(question)?.(answer),
  }
}
