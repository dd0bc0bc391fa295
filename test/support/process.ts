import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** The program as a user runs it: a process of its own, with nothing in its environment but `env`. */

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
/** What Node has compiled for one process serves the next: dozens are started. */
const COMPILED = fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url))

export interface Ending {
  /** Null when a signal ended it. */
  code: number | null
  signal: NodeJS.Signals | null
  out: string
  err: string
}

export interface Program {
  pid: number
  /** Everything written so far. */
  out(): string
  /** Waits until what was written on either side matches; rejects if the program ends before. */
  wrote(pattern: RegExp): Promise<RegExpExecArray>
  kill(signal: NodeJS.Signals): void
  /** Closes the reading end of its stdout, as `head` does when it has enough. */
  stopReading(): void
  ended: Promise<Ending>
}

/** Starts `flowfi-indexer …args`; when the test is over, whatever is left of it is killed. */
export function launch(args: readonly string[], env: Record<string, string> = {}): Program {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { NODE_COMPILE_CACHE: COMPILED, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const written = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (written.err += text))
  const ended = once(child, 'close').then(([code, signal]): Ending => {
    return {
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      ...written,
    }
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    pid: child.pid ?? 0,
    out: () => written.out,
    wrote(pattern) {
      const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>()
      const look = () => {
        const match = pattern.exec(written.out) ?? pattern.exec(written.err)
        if (match !== null) resolve(match)
      }
      child.stdout.on('data', look)
      child.stderr.on('data', look)
      void ended.then(({ code, out, err }) => {
        reject(new Error(`ended with ${code} before it wrote ${String(pattern)}:\n${out}${err}`))
      })
      look()
      return promise
    },
    kill: (signal) => void child.kill(signal),
    stopReading: () => void child.stdout.destroy(),
    ended,
  }
}

/** Runs `flowfi-indexer …args` to its end. */
export function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ending> {
  return launch(args, env).ended
}

/** A folder that is gone when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'flowfi-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
