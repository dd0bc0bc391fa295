import { z } from '@hono/zod-openapi'
import { AUDIT_CLASSES } from '../domain/upstream.ts'
import type { AuditStatus, Upstream } from '../domain/upstream.ts'
import { instant } from '../domain/times.ts'
import { createRouter, get, readable } from '../http/router.ts'

const Difference = z.object({
  field: z.string(),
  ours: z.string().nullable(),
  chain: z.string().nullable(),
})

const Audit = z
  .object({
    intervalSeconds: z.number().int().openapi({ description: '0: off' }),
    bootstrapped: z.boolean().openapi({
      description: 'streams from before the log have been read from the chain',
    }),
    running: z.boolean(),
    last: z
      .object({
        finishedAt: z.string().openapi({ format: 'date-time' }),
        ledger: z.number().int(),
        counts: z.record(z.enum(AUDIT_CLASSES), z.number().int()),
        repaired: z.number().int(),
        expiring: z.number().int().openapi({
          description: 'active streams that are archived, or will be within a week',
        }),
        drift: z.array(
          z.object({
            streamId: z.string(),
            ledger: z.number().int(),
            differences: z.array(Difference),
          }),
        ),
      })
      .nullable(),
    driftTotal: z.number().int(),
    repairedTotal: z.number().int(),
    lastError: z.string().nullable(),
  })
  .openapi('Audit')

const auditRoute = get({
  path: '/audit',
  summary: 'The last comparison of the streams with the storage of the contract',
  request: { query: z.strictObject({}) },
  answer: Audit,
})

export interface AuditDeps {
  upstream(): Upstream
  /** 0: only what gaps and the first start need. */
  auditIntervalSeconds: number
}

export function auditRoutes(deps: AuditDeps) {
  const router = createRouter()
  router.openapi(auditRoute, () =>
    readable(audit(deps.upstream().audit, deps.auditIntervalSeconds)),
  )
  return router
}

function audit(
  { bootstrapped, running, last, driftTotal, repairedTotal, lastError }: AuditStatus,
  intervalSeconds: number,
): z.infer<typeof Audit> {
  return {
    intervalSeconds,
    bootstrapped,
    running,
    last: last && {
      finishedAt: instant(last.finishedAt),
      ledger: last.ledger,
      counts: last.counts,
      repaired: last.repaired,
      expiring: last.expiring,
      drift: last.drift.map(({ streamId, ledger, differences }) => ({
        streamId: streamId.toString(),
        ledger,
        differences,
      })),
    },
    driftTotal,
    repairedTotal,
    lastError,
  }
}
