import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A child process of a bench that answers calls, several at once if asked. */
export interface Worker {
  pid: number
  call<T>(what: string, argument?: unknown): Promise<T>
  stop(): Promise<void>
}

interface Answer {
  number: number
  value?: unknown
  error?: string
}

export function startWorker(file: URL, args: readonly string[] = []): Worker {
  const path = fileURLToPath(file)
  const child: ChildProcess = fork(path, args, {
    execArgv: ['--expose-gc'],
    env: { PATH: '/usr/bin:/bin' },
  })
  const open = new Map<number, (answer: Answer) => void>()
  const gone = once(child, 'exit')
  let calls = 0
  child.on('message', (answer: Answer) => open.get(answer.number)?.(answer))
  child.on('exit', () => {
    for (const [number, answer] of open) answer({ number, error: `${path} ended` })
  })
  return {
    pid: child.pid ?? 0,
    async call<T>(what: string, argument?: unknown): Promise<T> {
      const number = (calls += 1)
      const { promise, resolve } = Promise.withResolvers<Answer>()
      open.set(number, resolve)
      child.send({ number, what, argument })
      const { value, error } = await promise
      open.delete(number)
      if (error !== undefined) throw new Error(error)
      return value as T
    },
    async stop() {
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** The child's side: answers calls with these functions. */
export function answerCalls(does: Record<string, (argument: never) => unknown>): void {
  process.on('disconnect', () => process.exit())
  async function answer(number: number, what: string, argument: unknown): Promise<void> {
    try {
      const value = await does[what]?.(argument as never)
      process.send?.({ number, value })
    } catch (error) {
      process.send?.({ number, error: String(error) })
    }
  }
  process.on(
    'message',
    ({ number, what, argument }: { number: number; what: string; argument: unknown }) => {
      void answer(number, what, argument)
    },
  )
}

/** Milliseconds of a clock that all processes of the machine share. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** What a server process reports about itself. */
export const ACCOUNTS = {
  /** CPU time in microseconds. */
  cpu(): number {
    const { user, system } = process.cpuUsage()
    return user + system
  },
  /** Resident memory in bytes, after a garbage collection. */
  rss(): number {
    globalThis.gc?.()
    globalThis.gc?.()
    return process.memoryUsage.rss()
  },
}
