import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'

/** The program as a user runs it: its own process, with only `env` as its environment. */

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
/** Shared compiled code makes the dozens of starts faster. */
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
  /** Waits until stdout or stderr matches. Rejects if the program ends before. */
  wrote(pattern: RegExp): Promise<RegExpExecArray>
  kill(signal: NodeJS.Signals): void
  /** Closes the reading end of its stdout, as `head` does. */
  stopReading(): void
  ended: Promise<Ending>
}

/** Starts `flowfi-indexer …args`. It is killed after the test if it still runs. */
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

export interface Server extends Program {
  url: string
  /** Sends SIGTERM and expects exit code 0. */
  stop(): Promise<void>
}

/** Starts `start` or `serve`, and waits until it serves. */
export async function launchServer(
  args: readonly string[],
  env: Record<string, string>,
): Promise<Server> {
  const program = launch(args, { ...env, LOG_LEVEL: 'info' })
  return { ...program, url: await servedAt(program), stop: () => stop(program) }
}

/** The URL that a daemon logs once it serves. */
export async function servedAt({ wrote }: Program): Promise<string> {
  const [, url = ''] = await wrote(/"url":"(http:[^"]+)".*"msg":"(?:started|serving)"/)
  return url
}

async function stop({ kill, ended }: Program): Promise<void> {
  kill('SIGTERM')
  expect(await ended).toMatchObject({ code: 0 })
}

/** Runs `flowfi-indexer …args` to its end. */
export function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ending> {
  return launch(args, env).ended
}

/** A port of this machine that another program listens on until the test is over. */
export async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

/** A folder that is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'flowfi-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
