import { serveHub } from './hub.ts'
import type { SharedRequest } from './hub.ts'

/** Waits until no other tab or worker is the hub of this name, and is it then. */
export function holdHub(name: string, request: SharedRequest): { close(): void } {
  const waiting = new AbortController()
  let release = () => waiting.abort()
  const lead = () =>
    new Promise<void>((resolve) => {
      const hub = serveHub(name, request)
      release = () => {
        hub.close()
        resolve()
      }
    })
  navigator.locks.request(`${name} hub`, { signal: waiting.signal }, lead).catch(() => {})
  return { close: () => release() }
}

/**
 * Sees to it that there is a hub: in a SharedWorker, or where that cannot be, in one of the tabs.
 * `close` is for when the tab does not need it any more.
 */
export function provideHub(name: string, request: SharedRequest): { close(): void } {
  if (typeof SharedWorker === 'undefined') return holdHub(name, request)
  let own: { close(): void } | undefined
  let isClosed = false
  const instead = () => {
    if (!isClosed) own ??= holdHub(name, request)
  }
  let port: MessagePort | undefined
  try {
    const worker = new SharedWorker(new URL('./hub.worker.ts', import.meta.url), {
      type: 'module',
      name: 'flowfi-client',
    })
    worker.addEventListener('error', instead)
    port = worker.port
    port.postMessage([name, request])
  } catch {
    instead()
  }
  return {
    close() {
      isClosed = true
      port?.close()
      own?.close()
    },
  }
}
