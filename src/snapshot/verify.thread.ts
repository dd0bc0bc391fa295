import { parentPort, workerData } from 'node:worker_threads'
import { reasonOf } from '../domain/errors.ts'
import { verifyDatabase } from './verify.ts'
import type { Expected } from './verify.ts'

/** Verifies one file and ends. It says why the file cannot be used, or null. */

/** What the thread is started with. */
export interface VerifyData {
  path: string
  expected: Expected
}

const { path, expected } = workerData as VerifyData
let reason: string | null = null
try {
  verifyDatabase(path, expected)
} catch (error) {
  reason = reasonOf(error)
}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort!.postMessage(reason)
