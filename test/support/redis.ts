import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A real Redis server of its own, on the loopback interface; what it holds goes with it. */
export interface RedisServer {
  url: string
  /** One command of redis-cli; its answer as text. */
  command(...words: string[]): string
  /** Ends it at once. */
  kill(): Promise<void>
  /** Starts it again on the same port, empty. */
  start(): Promise<void>
  pause(): void
  resume(): void
  close(): Promise<void>
}

const PROGRAM = 'redis-server'

/** Why tests with Redis cannot run here; undefined if they can. With `CI` set they must. */
export function withoutRedis(): string | undefined {
  // oxlint-disable-next-line node/no-process-env -- CI installs what is tested
  if (process.env['CI'] !== undefined) return undefined
  try {
    execFileSync(PROGRAM, ['--version'])
    return undefined
  } catch {
    return `${PROGRAM} is not installed`
  }
}

export async function startRedis(): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'flowfi-redis-'))
  const port = await freePort()
  let child: ChildProcess | undefined

  async function start(): Promise<void> {
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder]
    child = spawn(PROGRAM, [...options, '--save', '', '--appendonly', 'no'], { stdio: 'ignore' })
    while (!(await answers(port))) {
      if (child.exitCode !== null) throw new Error(`${PROGRAM} ended with ${child.exitCode}`)
    }
  }

  async function kill(): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    command: (...words) =>
      execFileSync('redis-cli', ['-p', String(port), ...words], { encoding: 'utf8' }).trim(),
    kill,
    start,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async close() {
      child?.kill('SIGCONT')
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Whether it answers a ping now. */
function answers(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
  socket.on('data', (data) => {
    resolve(data.toString().startsWith('+PONG'))
    socket.destroy()
  })
  socket.on('error', () => setTimeout(resolve, 5, false))
  return promise
}
