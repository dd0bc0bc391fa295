import type { NodeStatus } from '../domain/node-status.ts'
import type { ReadRegistry } from './registry.ts'

const ROLES = ['leader', 'follower'] as const

/** What a node of several is, and how far it is behind. */
export function measureNode(registry: ReadRegistry, node: () => NodeStatus | undefined): void {
  registry.gauge({
    name: 'node_role',
    help: '1 for the role that this node has: it asks the RPCs, or it follows the one that does',
    labels: ['role'],
    *read() {
      const status = node()
      for (const role of ROLES) yield [{ role }, status?.role === role ? 1 : 0]
    },
  })
  registry.gauge({
    name: 'carrier_lag_ledgers',
    help: 'Ledgers between this node and the newest position published; NaN if that is not known',
    read: () => node()?.carrierLag ?? Number.NaN,
  })
}
