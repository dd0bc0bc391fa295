import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import type { Vault } from '../auth/vault.ts'
import { UsageError } from '../domain/errors.ts'
import type { ReadToken } from '../domain/token.ts'
import type { Outcome } from '../feed/operation.ts'
import type { Upstream } from '../domain/upstream.ts'
import type { Budget, Rate } from '../http/rate-limit.ts'
import { portIsTaken } from '../http/server/bind.ts'
import type { FromWorker, ProcessReport, ToWorker } from './messages.ts'
import { createQuestions } from './questions.ts'
import { createPlaceCount } from './remote-places.ts'
import type { PlaceCount } from './remote-places.ts'
import { answerFrom } from './remote-vault.ts'

/**
 * Processes that serve the database on one port while this one indexes. This is the supervisor's
 * end of their messages; `worker.ts` is the other.
 */

export interface WorkersOptions {
  count: number
  host: string
  /** Found by `findPort`. */
  port: number
  logger: Logger
  upstream(): Upstream
  /** What this process adds to the metrics of all. */
  ownReport(): Promise<ProcessReport>
  /** Counts a request of an address to any worker. */
  takeRequest(address: string, budget: Budget): Rate | undefined
  /** What may be used once at any worker. */
  vault: Vault
  readToken: ReadToken
  /** How long a worker can take to close before it is killed. */
  closeMs: number
}

export interface Workers {
  url: string
  /** Tells all workers to close, and starts no more. */
  stop(): void
  /** Waits until all workers have ended. */
  close(): Promise<void>
}

interface Worker {
  process: ChildProcess
  /** Where it serves. */
  ready: Promise<string>
  /** Before that it has no subscriptions. */
  isReady: boolean
  /** Why it ended. */
  ended: Promise<string>
}

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
/** Between two reports of the indexing half's state to the workers. */
const UPSTREAM_MS = 500
/** A worker that does not answer in this time is left out. */
const GATHER_MS = 3_000
/** Longer than it takes to close thousands of subscriptions. */
const OPERATE_MS = 3_000
const RESTART_MS = { first: 100, most: 5_000 }
/** A worker that lived this long did not fail at its start: its successor starts without delay. */
const STABLE_MS = 10_000

/**
 * Starts the workers, and a new one whenever one ends. Throws UsageError if they cannot be started.
 */
export async function superviseWorkers(options: WorkersOptions): Promise<Workers> {
  const { count, logger, upstream, closeMs } = options
  const workers = new Set<Worker>()
  const closing = new AbortController()
  const { signal } = closing
  const places = createPlaceCount<ChildProcess>()
  const receive = createReceiver({ ...options, places }, workers)

  /** Keeps one worker running; `started` settles with the first of them. */
  async function keepOne(started: PromiseWithResolvers<string>): Promise<void> {
    let delayMs = RESTART_MS.first
    while (!signal.aborted) {
      const worker = startWorker(options, receive)
      const bornAt = performance.now()
      workers.add(worker)
      void worker.ready.then(started.resolve)
      const reason = await worker.ended
      workers.delete(worker)
      places.forget(worker.process)
      started.reject(new Error(reason))
      if (signal.aborted) return
      logger.error({ pid: worker.process.pid, reason }, 'worker ended, starting another')
      const isStable = performance.now() - bornAt > STABLE_MS
      delayMs = isStable ? RESTART_MS.first : Math.min(delayMs * 2, RESTART_MS.most)
      await sleep(delayMs, undefined, { signal }).catch(() => {})
    }
  }

  const reporting = setInterval(() => {
    for (const worker of workers) send(worker.process, { kind: 'upstream', upstream: upstream() })
  }, UPSTREAM_MS)

  function stop(): void {
    if (signal.aborted) return
    closing.abort()
    clearInterval(reporting)
    for (const worker of workers) send(worker.process, { kind: 'close' })
  }

  async function close(): Promise<void> {
    stop()
    const leaving = [...workers].map(async (worker) => {
      const late = setTimeout(() => worker.process.kill('SIGKILL'), closeMs)
      await worker.ended
      clearTimeout(late)
    })
    await Promise.all(leaving)
  }

  try {
    const starting = Array.from({ length: count }, () => {
      const started = Promise.withResolvers<string>()
      void keepOne(started)
      return started.promise
    })
    const [url = ''] = await Promise.all(starting)
    return { url, stop, close }
  } catch (cause) {
    await close()
    throw new UsageError(`the workers could not be started: ${String(cause)}; see above for why`, {
      cause,
    })
  }
}

type Receive = (worker: ChildProcess, message: FromWorker) => void

function startWorker({ count, port }: WorkersOptions, receive: Receive): Worker {
  const ready = Promise.withResolvers<string>()
  const ended = Promise.withResolvers<string>()
  const args = ['serve', '--worker', String(count), '--port', String(port)]
  const child = fork(MAIN, args, { serialization: 'advanced' })
  const worker = { process: child, ready: ready.promise, isReady: false, ended: ended.promise }
  child.on('message', (message: FromWorker) => {
    if (message.kind === 'ready') {
      worker.isReady = true
      ready.resolve(message.url)
    }
    receive(child, message)
  })
  child.once('exit', (code, signal) => ended.resolve(`a worker ended with ${signal ?? code}`))
  child.on('error', (error) => {
    // After other errors the process still runs, or its exit follows.
    if (child.pid !== undefined) return
    ended.resolve(`no process could be started: ${error.message}`)
  })
  return worker
}

/** Answers the questions of workers. */
function createReceiver(
  options: WorkersOptions & { places: PlaceCount<ChildProcess> },
  workers: ReadonlySet<Worker>,
): Receive {
  const { upstream, ownReport, takeRequest, vault, readToken, places } = options
  const asking = createQuestions<ProcessReport>(GATHER_MS)
  const operating = createQuestions<Outcome>(OPERATE_MS)
  const serving = () => [...workers].filter(({ isReady }) => isReady)

  async function gather(worker: ChildProcess, question: number): Promise<void> {
    const others = serving().map((other) =>
      asking.ask((own) => send(other.process, { kind: 'ask', question: own })),
    )
    const reports = (await Promise.all([ownReport(), ...others])).filter(
      (report) => report !== undefined,
    )
    send(worker, { kind: 'gathered', question, reports })
  }

  async function operate(worker: ChildProcess, { question, operation }: Asked<'operate'>) {
    const others = serving().map((other) => {
      const asked = operating.ask((own) =>
        send(other.process, { kind: 'operate', question: own, operation }),
      )
      // One that has ended has no subscriptions any more.
      return Promise.race([asked, other.ended.then(() => 'ended' as const)])
    })
    const answers = (await Promise.all(others)).filter((answer) => answer !== 'ended')
    const outcomes = answers.filter((answer) => answer !== undefined)
    const missing = answers.length - outcomes.length
    send(worker, { kind: 'outcomes', question, outcomes: { outcomes, missing } })
  }

  async function lookUp(worker: ChildProcess, { question, request }: Asked<'vault'>) {
    send(worker, { kind: 'vault', question, answer: await answerFrom(vault, request) })
  }

  async function ask(worker: ChildProcess, { question, address }: Asked<'token'>) {
    send(worker, { kind: 'token', question, token: await readToken(address) })
  }

  return (worker, message) => {
    switch (message.kind) {
      case 'ready':
        return send(worker, { kind: 'upstream', upstream: upstream() })
      case 'report':
        return asking.answer(message.question, message.report)
      case 'take': {
        const { question, address, budget } = message
        return send(worker, { kind: 'taken', question, rate: takeRequest(address, budget) })
      }
      case 'places': {
        const { question, wanted } = message
        const full = places.take(worker, question, wanted)
        return send(worker, { kind: 'places', question, full })
      }
      case 'release':
        return places.release(worker, message.id)
      case 'vault':
        return void lookUp(worker, message)
      case 'token':
        return void ask(worker, message)
      case 'operate':
        return void operate(worker, message)
      case 'outcome':
        return operating.answer(message.question, message.outcome)
      case 'gather':
        return void gather(worker, message.question)
    }
  }
}

type Asked<K> = Extract<FromWorker, { kind: K }>

function send(worker: ChildProcess, message: ToWorker): void {
  // The exit of a worker that has died is noticed elsewhere, so an error here is ignored.
  if (worker.connected) worker.send(message, () => {})
}

/** The port, or a free one for 0, if it can be shared. Throws UsageError if not. */
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
        ? portIsTaken(host, port)
        : `this system cannot share port ${port} on ${host} between processes (${code}): leave --workers out`,
      { cause },
    )
  } finally {
    probe.close()
  }
}
