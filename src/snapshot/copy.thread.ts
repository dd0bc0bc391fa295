import { parentPort, workerData } from 'node:worker_threads'
import { copyDatabase } from './copy.ts'

/** Makes one copy and ends. An error ends it, too, and reaches the thread that has started it. */

/** What the thread is started with. */
export interface CopyData {
  from: string
  to: string
}

const { from, to } = workerData as CopyData
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort!.postMessage(await copyDatabase(from, to))
