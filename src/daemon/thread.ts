import { Worker } from 'node:worker_threads'
import type { Config } from '../config/config.ts'
import { NEVER_AUDITED } from '../domain/upstream.ts'
import type { TokenMetadata } from '../domain/token.ts'
import { restoreError } from './copied-error.ts'
import type { Indexing, IndexingConfig, IndexingEvents } from './indexing.ts'
import type { FromThread, IndexingStatus, ToThread } from './messages.ts'
import { createQuestions } from './questions.ts'

/**
 * The indexing half in a thread of its own, so that catching up never delays a request. This is the
 * end in the thread that serves; `indexing.thread.ts` is the other.
 */

/** What the thread is started with. */
export interface ThreadData {
  config: IndexingConfig
  interactive: boolean
  /** Where it logs to. */
  logTo: 'stdout' | 'stderr'
}

export interface IndexingThread {
  /** Opens the database in the thread. The caller holds the lock. Throws UsageError. */
  open(lock: unknown, port: number): Promise<Indexing>
  /** Stops indexing, and waiting for the database. */
  stop(): void
  /** Ends the thread, in whatever state it is. */
  close(): Promise<void>
}

/** Longer than one call to the chain. */
const TOKEN_MS = 11_000

const ENTRY = new URL('indexing.thread.ts', import.meta.url)

/** Starts the thread, which loads its modules while the caller loads its own. */
export function launchIndexingThread(
  config: Config & { contractId: string },
  options: Omit<ThreadData, 'config'>,
): IndexingThread {
  // A BlockList cannot be copied, and the thread serves nothing.
  const { trustProxy: _, ...copied } = config
  const workerData: ThreadData = { ...options, config: copied }
  const worker = new Worker(ENTRY, { workerData })
  const thread = receiveFrom(worker)

  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  const send = (message: ToThread) => worker.postMessage(message)
  const stop = () => send({ kind: 'stop' })

  async function close(): Promise<void> {
    send({ kind: 'close' })
    await thread.exited
  }

  return {
    async open(_lock, port) {
      send({ kind: 'open', port })
      await thread.opened
      return {
        upstream: thread.upstream,
        counters: thread.counters,
        readToken: (address) =>
          thread.reading.ask((question) => send({ kind: 'token', question, address })),
        async run(events, signal) {
          thread.observe(events)
          send({ kind: 'run' })
          signal.addEventListener('abort', stop, { once: true })
          if (signal.aborted) stop()
          await thread.ended
        },
        ...(config.redisUrl !== undefined && { retire: () => send({ kind: 'retire' }) }),
        close,
      }
    },
    stop,
    close,
  }
}

/** What the thread sends, as promises and as its last status. */
function receiveFrom(worker: Worker) {
  const exited = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<void>()
  const reading = createQuestions<TokenMetadata | undefined>(TOKEN_MS)
  // Either can reject before it is awaited.
  opened.promise.catch(() => {})
  ended.promise.catch(() => {})
  let events: IndexingEvents | undefined
  let status = NO_STATUS
  let receivedAt = 0

  function fail(error: Error): void {
    opened.reject(error)
    ended.reject(error)
  }

  worker.on('message', (message: FromThread) => {
    switch (message.kind) {
      case 'opened':
        return opened.resolve()
      case 'status':
        status = message.status
        receivedAt = performance.now()
        return undefined
      case 'committed':
        return events?.committed()
      case 'applied':
        return events?.applied(message.seconds)
      case 'fault':
        return events?.fault(message.fault)
      case 'token':
        return reading.answer(message.question, message.token)
      case 'ended':
        return ended.resolve()
      case 'failed':
        return fail(restoreError(message.error))
    }
  })
  worker.once('error', fail)
  worker.once('messageerror', fail)
  worker.once('exit', (code) => {
    fail(new Error(`the indexing thread ended with code ${code}`))
    exited.resolve()
  })

  return {
    reading,
    exited: exited.promise,
    opened: opened.promise,
    ended: ended.promise,
    upstream: () => aged(status.upstream, performance.now() - receivedAt),
    counters: () => status.counters,
    observe(observer: IndexingEvents): void {
      events = observer
    },
  }
}

/** Before the thread has connected to an RPC. */
const NO_STATUS: IndexingStatus = {
  upstream: { endpoints: [], alarm: null, tipStillForMs: undefined, audit: NEVER_AUDITED },
  counters: { failovers: 0, disagreements: 0, disagreement: null, endpoints: [] },
}

/** The tip has not moved since the thread's last message. */
function aged(upstream: IndexingStatus['upstream'], elapsedMs: number) {
  const { tipStillForMs } = upstream
  if (tipStillForMs === undefined) return upstream
  return { ...upstream, tipStillForMs: tipStillForMs + elapsedMs }
}
