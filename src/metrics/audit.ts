import type { AuditStatus } from '../domain/upstream.ts'
import { samplesBy } from './registry.ts'
import type { ReadRegistry } from './registry.ts'

/** What the last whole audit found, and totals over all audits. */
export function measureAudit(registry: ReadRegistry, audit: () => AuditStatus): void {
  registry.gauge({
    name: 'audit_streams',
    help: 'Streams compared with the chain by the last audit, by result',
    labels: ['class'],
    read: () => samplesBy('class', audit().last?.counts ?? {}),
  })
  registry.gauge({
    name: 'audit_expiring_streams',
    help: 'Active streams whose entry is archived, or will be within a week',
    read: () => audit().last?.expiring ?? Number.NaN,
  })
  registry.gauge({
    name: 'audit_finished_timestamp_seconds',
    help: 'When the last audit ended, Unix time',
    read: () => audit().last?.finishedAt ?? Number.NaN,
  })
  registry.counter({
    name: 'audit_drift_total',
    help: 'Streams found to differ from the chain',
    read: () => audit().driftTotal,
  })
  registry.counter({
    name: 'audit_repaired_total',
    help: 'Streams that were given the record of the chain, for whatever reason',
    read: () => audit().repairedTotal,
  })
}
