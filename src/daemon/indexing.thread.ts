import { parentPort, workerData } from 'node:worker_threads'
import { UsageError } from '../domain/errors.ts'
import { openIndexing } from './indexing.ts'
import type { Indexing } from './indexing.ts'
import { createLogger } from './logger.ts'
import type { Failure, FromThread, ToThread } from './messages.ts'
import { openSource } from './open-source.ts'
import type { FailoverSource } from '../source/failover.ts'
import type { ThreadData } from './thread.ts'

/** The indexing thread: the entry of its own module graph, and its end of the messages. */

/** The status is sent after each commit, and at least this often. */
const STATUS_MS = 250

const { config, interactive, logTo } = workerData as ThreadData
const port = parentPort!
const stopping = new AbortController()
let source: FailoverSource | undefined
let indexing: Indexing | undefined
let telling: NodeJS.Timeout | undefined
let running: Promise<void> | undefined

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
const send = (message: FromThread) => port.postMessage(message)

function tell(): void {
  if (indexing === undefined) return
  const { upstream, counters } = indexing
  send({ kind: 'status', status: { upstream: upstream(), counters: counters?.() } })
}

async function open(): Promise<void> {
  const stream = process[logTo]
  const logger = createLogger({ level: config.logLevel, stream, interactive })
  source = await openSource(config, logger)
  const { endpoints, counters } = source
  const lock = HELD_BY_THE_OTHER_THREAD
  indexing = openIndexing(config, { source, sourceName: '', endpoints, counters, logger, lock })
  tell()
  telling = setInterval(tell, STATUS_MS)
  send({ kind: 'opened' })
}

const HELD_BY_THE_OTHER_THREAD = { release() {} }

async function run(): Promise<void> {
  await indexing?.run(
    {
      committed() {
        send({ kind: 'committed' })
        tell()
      },
      applied: (seconds) => send({ kind: 'applied', seconds }),
      fault(fault) {
        send({ kind: 'fault', fault })
        tell()
      },
    },
    stopping.signal,
  )
  send({ kind: 'ended' })
}

async function close(): Promise<void> {
  stopping.abort()
  await running
  clearInterval(telling)
  try {
    await source?.close()
    await indexing?.close()
  } finally {
    // Without it the thread would never end.
    port.close()
  }
}

/** What goes wrong is reported; the thread that serves decides what becomes of the process. */
async function report(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    send({ kind: 'failed', failure: takeApart(error) })
  }
}

function takeApart(error: unknown): Failure {
  if (!(error instanceof Error)) return { usage: false, message: String(error), stack: undefined }
  return { usage: error instanceof UsageError, message: error.message, stack: error.stack }
}

let opening: Promise<void> | undefined
port.on('message', ({ kind }: ToThread) => {
  switch (kind) {
    case 'open':
      opening = report(open())
      break
    case 'run':
      running = report(run())
      break
    case 'stop':
      stopping.abort(new Error('the daemon is closing'))
      break
    case 'close':
      void report(Promise.resolve(opening).then(close))
      break
  }
})
