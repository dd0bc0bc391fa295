import { holdHub } from './lead.ts'
import type { SharedRequest } from './hub.ts'

/** A SharedWorker: it lives as long as any tab of the origin, hidden or not. */

interface Scope {
  addEventListener(
    type: 'connect',
    listener: (event: { ports: readonly MessagePort[] }) => void,
  ): void
}

const held = new Set<string>()

;(globalThis as unknown as Scope).addEventListener('connect', ({ ports: [port] }) => {
  port?.addEventListener('message', ({ data }: MessageEvent<[string, SharedRequest]>) => {
    const [name, request] = data
    if (!held.has(name)) holdHub(name, request)
    held.add(name)
  })
  port?.start()
})
