import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Processes of a bench. What is measured and what measures it never share a process. */

const ROOT = fileURLToPath(new URL('..', import.meta.url))

export interface Child {
  process: ChildProcess
  lines: AsyncIterator<string>
  /** The next line that it prints. Rejects if it ends first. */
  line(): Promise<string>
  stop(): Promise<void>
}

/** Runs a file of this repository with this Node, on one core if `core` is given (Linux only). */
export function run(
  args: readonly string[],
  env: Record<string, string> = {},
  core?: number,
): Child {
  const command = [process.execPath, ...args]
  const [program = '', ...rest] =
    core === undefined || process.platform !== 'linux'
      ? command
      : ['taskset', '-c', String(core), ...command]
  const child = spawn(program, rest, {
    cwd: ROOT,
    env: { PATH: '/usr/bin:/bin', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    process: child,
    lines,
    async line() {
      const { value, done } = await lines.next()
      if (done === true) throw new Error(`${args.join(' ')} ended without an answer`)
      return value
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** A simulated RPC with all ledgers of a fixture closed. */
export async function simulator(fixture: string, core?: number): Promise<Child & { url: string }> {
  const args = ['src/main.ts', 'simulate', '--fixture', fixture, '--speed', 'max', '--port', '0']
  const child = run(args, {}, core)
  const url = /http:\S+/.exec(await child.line())?.[0]
  if (url === undefined) throw new Error('the simulator printed no URL')
  return { ...child, url }
}
