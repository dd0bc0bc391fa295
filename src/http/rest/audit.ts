import { z } from '@hono/zod-openapi'
import { AUDIT_CLASSES } from '../../domain/audit.ts'
import type { AuditClass } from '../../domain/audit.ts'
import { instant } from '../../domain/integers.ts'
import { createRouter, get, readable } from '../router.ts'

/** What the audit in the background has found, as whoever runs it tells. */
export interface AuditView {
  bootstrapped: boolean
  running: boolean
  last: {
    /** Unix seconds. */
    finishedAt: number
    ledger: number
    counts: Record<AuditClass, number>
    repaired: number
    expiring: number
    drift: { streamId: bigint; ledger: number; differences: Difference[] }[]
  } | null
  driftTotal: number
  repairedTotal: number
  lastError: string | null
}

type Difference = z.infer<typeof Difference>

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
          description: 'active streams that will be archived within a week, or are',
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

export function auditRoute(deps: {
  upstream(): { audit: AuditView }
  auditIntervalSeconds: number
}) {
  const router = createRouter()
  router.openapi(
    get({
      path: '/audit',
      summary: 'The last comparison of the streams with the contract’s own storage',
      request: { query: z.strictObject({}) },
      answer: Audit,
    }),
    () => readable(audit(deps.upstream().audit, deps.auditIntervalSeconds)),
  )
  return router
}

function audit(
  { bootstrapped, running, last, driftTotal, repairedTotal, lastError }: AuditView,
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
