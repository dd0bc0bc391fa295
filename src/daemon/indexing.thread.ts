import { parentPort, workerData } from 'node:worker_threads'
import { saveCompiledCode } from '../config/compile-cache.ts'
import type { Logger } from 'pino'
import type { Indexing } from './indexing.ts'
import { copyError } from './copied-error.ts'
import type { FromThread, ToThread } from './messages.ts'
import type { OpenLog } from './open-log.ts'
import type { FailoverSource } from '../failover/failover.ts'
import { explainStorage } from '../store/storage-error.ts'
import type { ThreadData } from './thread.ts'

/**
 * The indexing half in its own thread, and its end of the messages with `thread.ts`. It is the entry
 * of its own module graph.
 */

/** The status is sent after each commit, and at least this often. */
const STATUS_MS = 250

const { config, interactive, logTo } = workerData as ThreadData
const port = parentPort!
const stopping = new AbortController()
let source: FailoverSource | undefined
let log: OpenLog | undefined
let indexing: Indexing | undefined
let reporting: NodeJS.Timeout | undefined
let running: Promise<void> | undefined
/** The port of this process. */
let servedAt = 0

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
const send = (message: FromThread) => port.postMessage(message)

function sendStatus(): void {
  if (indexing === undefined) return
  const { upstream, counters } = indexing
  send({ kind: 'status', status: { upstream: upstream(), counters: counters() } })
}

/** The serving thread waits for this module only, so it is loaded first, at once. */
const loading = import('./open-log.ts')

/** Waits if the disk is full or the file is locked: a restart would not help. */
async function open(): Promise<void> {
  const { openLog } = await loading
  const { createPatience } = await import('./patience.ts')
  const patience = createPatience(config.databasePath, await createLog())
  await patience.through(async (signal) => {
    signal.throwIfAborted()
    log = openLog(config, LOCK)
  }, stopping.signal)
  send({ kind: 'opened' })
}

/** The other thread holds the lock. */
const LOCK = { release() {} }

async function createLog(): Promise<Logger> {
  const { createLogger } = await import('./logger.ts')
  return createLogger({ level: config.logLevel, stream: process[logTo], interactive })
}

async function connect({ store, decode }: OpenLog): Promise<Indexing> {
  const { redisUrl } = config
  if (redisUrl !== undefined) {
    const { openNode } = await import('./node.ts')
    return openNode(
      { ...config, redisUrl },
      { logger: await createLog(), port: servedAt, store, decode },
    )
  }
  const [{ createIndexing }, { openSource }] = await Promise.all([
    import('./indexing.ts'),
    import('./open-source.ts'),
  ])
  const logger = await createLog()
  source = await openSource(config, logger)
  return createIndexing(config, { source, logger, store, decode })
}

async function run(): Promise<void> {
  if (log === undefined) throw new Error('the database is not open')
  indexing = await connect(log)
  setImmediate(saveCompiledCode)
  sendStatus()
  reporting = setInterval(sendStatus, STATUS_MS)
  await indexing.run(
    {
      committed() {
        send({ kind: 'committed' })
        sendStatus()
      },
      applied: (seconds) => send({ kind: 'applied', seconds }),
      fault(fault) {
        send({ kind: 'fault', fault })
        sendStatus()
      },
    },
    stopping.signal,
  )
  send({ kind: 'ended' })
}

/** Nothing can be asked before the thread has connected to an RPC. */
async function readToken({ question, address }: Extract<ToThread, { kind: 'token' }>) {
  send({ kind: 'token', question, token: await indexing?.readToken(address) })
}

async function close(): Promise<void> {
  await running
  clearInterval(reporting)
  try {
    await source?.close()
    await indexing?.close()
    log?.store.close()
  } finally {
    // An open port keeps the thread alive.
    port.close()
  }
}

/** Reports a failure. The thread that serves decides whether the process ends. */
async function report(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    send({ kind: 'failed', error: copyError(explainStorage(error, config.databasePath)) })
  }
}

let opening: Promise<void> | undefined
port.on('message', (message: ToThread) => {
  switch (message.kind) {
    case 'open':
      servedAt = message.port
      opening = report(open())
      break
    case 'run':
      running = report(run())
      break
    case 'token':
      void readToken(message)
      break
    case 'retire':
      indexing?.retire?.()
      break
    case 'stop':
      stopping.abort(new Error('the daemon is closing'))
      break
    case 'close':
      stopping.abort(new Error('the daemon is closing'))
      void report(Promise.resolve(opening).then(close))
      break
  }
})
