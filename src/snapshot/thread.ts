import { Worker } from 'node:worker_threads'

/**
 * Runs a module in a thread of its own, and gives back the one message that it sends. Settles once
 * the thread has ended: it writes no more.
 */
export async function inThread<T>(entry: URL, data: unknown, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const worker = new Worker(entry, { workerData: data })
  const done = Promise.withResolvers<T>()
  const stop = () => done.reject(signal.reason)
  worker.once('message', done.resolve)
  worker.once('error', done.reject)
  worker.once('exit', (code) => done.reject(new Error(`a thread ended with code ${code}`)))
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await done.promise
  } finally {
    signal.removeEventListener('abort', stop)
    await worker.terminate()
  }
}
