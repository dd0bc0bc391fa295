import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { UsageError } from '../domain/errors.ts'
import type { Rate } from '../http/rate-limit.ts'
import type { Upstream } from '../domain/upstream.ts'
import type { FromWorker, Part, ToWorker } from './messages.ts'

export interface WorkersOptions {
  count: number
  host: string
  /** Found by `findPort`. */
  port: number
  logger: Logger
  upstream(): Upstream
  /** What this process adds to the metrics of all. */
  own(): Promise<Part>
  /** Counts a request of an address to any worker. */
  takeRequest(address: string): Rate | undefined
  /** How long a worker that was told to close may take before it is killed. */
  closeMs: number
}

export interface Workers {
  url: string
  /** Tells all to say goodbye; none is started any more. */
  stop(): void
  /** Waits for all to have gone. */
  close(): Promise<void>
}

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const UPSTREAM_MS = 500
/** A worker that does not answer in that time is left out. */
const GATHER_MS = 1_000
const RESTART_MS = { first: 100, most: 5_000 }
/** One that has lived so long has not failed at its start. */
const STABLE_MS = 10_000

/**
 * Processes that serve the database on one port, each started again when it dies. Throws UsageError
 * when they cannot be started.
 */
export async function superviseWorkers(options: WorkersOptions): Promise<Workers> {
  const { count, port, logger, upstream, own, takeRequest, closeMs } = options
  const workers = new Set<ChildProcess>()
  const restarts = new Set<NodeJS.Timeout>()
  const asked = new Map<number, (part: Part) => void>()
  let questions = 0
  let closing = false

  function begin(delayMs: number): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const args = ['serve', '--worker', String(count), '--port', String(port)]
    const worker = fork(MAIN, args, { serialization: 'advanced' })
    const bornAt = performance.now()
    workers.add(worker)
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'ready') {
        send(worker, { kind: 'upstream', upstream: upstream() })
        resolve(message.url)
      } else if (message.kind === 'part') {
        asked.get(message.question)?.(message.part)
      } else if (message.kind === 'take') {
        const { question, address } = message
        send(worker, { kind: 'taken', question, rate: takeRequest(address) })
      } else {
        void tellAll(worker, message.question)
      }
    })
    worker.once('exit', (code, signal) => ended(`a worker ended with ${signal ?? code}`))
    worker.on('error', (error) => {
      // Any other is followed by its exit, or is no end of it.
      if (worker.pid === undefined) ended(`no process could be started: ${error.message}`)
    })

    function ended(reason: string): void {
      workers.delete(worker)
      reject(new Error(reason))
      if (closing) return
      logger.error({ pid: worker.pid, reason }, 'worker ended, starting another')
      const stable = performance.now() - bornAt > STABLE_MS
      restart(stable ? RESTART_MS.first : Math.min(delayMs * 2, RESTART_MS.most))
    }
    return promise
  }

  function restart(delayMs: number): void {
    const timer = setTimeout(() => {
      restarts.delete(timer)
      begin(delayMs).catch(() => {})
    }, delayMs)
    restarts.add(timer)
  }

  /** What all processes have to say, to the one that was asked about them. */
  async function tellAll(worker: ChildProcess, question: number): Promise<void> {
    const parts = await Promise.all([own(), ...[...workers].map(ask)])
    const known = parts.filter((part) => part !== undefined)
    send(worker, { kind: 'gathered', question, parts: known })
  }

  async function ask(worker: ChildProcess): Promise<Part | undefined> {
    const question = (questions += 1)
    const { promise, resolve } = Promise.withResolvers<Part | undefined>()
    asked.set(question, resolve)
    const late = setTimeout(() => resolve(undefined), GATHER_MS)
    send(worker, { kind: 'ask', question })
    try {
      return await promise
    } finally {
      clearTimeout(late)
      asked.delete(question)
    }
  }

  const telling = setInterval(() => {
    for (const worker of workers) send(worker, { kind: 'upstream', upstream: upstream() })
  }, UPSTREAM_MS)

  function stop(): void {
    if (closing) return
    closing = true
    clearInterval(telling)
    for (const timer of restarts) clearTimeout(timer)
    for (const worker of workers) send(worker, { kind: 'close' })
  }

  async function close(): Promise<void> {
    stop()
    const leaving = [...workers].map(async (worker) => {
      const gone = once(worker, 'exit')
      const late = setTimeout(() => worker.kill('SIGKILL'), closeMs)
      await gone
      clearTimeout(late)
    })
    await Promise.all(leaving)
  }

  try {
    const [url = ''] = await Promise.all(
      Array.from({ length: count }, () => begin(RESTART_MS.first)),
    )
    return { url, stop, close }
  } catch (cause) {
    await close()
    throw new UsageError(`the workers could not be started: ${String(cause)}; see above for why`, {
      cause,
    })
  }
}

function send(worker: ChildProcess, message: ToWorker): void {
  // One that has died meanwhile is noticed by its exit.
  if (worker.connected) worker.send(message, () => {})
}

/** The port, or a free one for 0, found able to be shared. Throws UsageError when it is not. */
export async function findPort(host: string, port: number): Promise<number> {
  const probe = createServer()
  try {
    probe.listen({ host, port, reusePort: true })
    await once(probe, 'listening')
    return (probe.address() as AddressInfo).port
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    throw new UsageError(
      code === 'EADDRINUSE'
        ? `port ${port} on ${host} is taken by another program: stop it, or choose another with PORT=${port + 1}`
        : `this system cannot share port ${port} on ${host} between processes (${code}): leave --workers out`,
      { cause },
    )
  } finally {
    probe.close()
  }
}
