import type { Logger } from 'pino'
import type { Access } from '../auth/access.ts'
import type { Sep10 } from '../auth/sep10/sep10.ts'
import type { StatsDeps } from '../http/peers.ts'
import { createRouter } from '../http/router.ts'
import type { Reads } from '../http/router.ts'
import { announcementRoutes } from './announcements.ts'
import { auditRoutes } from './audit.ts'
import type { AuditDeps } from './audit.ts'
import { eventRoutes } from './events.ts'
import { explainRoutes } from './explain.ts'
import { healthRoutes } from './health.ts'
import { metricsRoutes } from './metrics.ts'
import type { MetricsDeps } from './metrics.ts'
import { pageRoutes } from './page.ts'
import { readyRoutes } from './ready.ts'
import type { ReadyDeps } from './ready.ts'
import { snapshotRoutes } from './snapshot.ts'
import type { SnapshotDeps } from './snapshot.ts'
import { sep10Routes } from './sep10.ts'
import { statsRoutes } from './stats.ts'
import { statusRoutes } from './status.ts'
import type { StatusDeps } from './status.ts'
import { streamListRoutes } from './stream-list.ts'
import { streamRoutes } from './streams.ts'
import { subscriptionRoutes } from './subscriptions.ts'
import { summaryRoutes } from './summary.ts'
import { ticketRoutes } from './ticket.ts'
import { tokenRoutes } from './tokens.ts'
import type { TokenDeps } from './tokens.ts'
import { transactionRoutes } from './transactions.ts'
import { userRoutes } from './users.ts'

/**
 * REST: a file for each resource, which is mounted here.
 *
 * - `stream-list.ts`, `streams.ts` (with `stream-at.ts`), `explain.ts` streams
 * - `events.ts` (with `event-range.ts`, `log-answers.ts`), `transactions.ts` events
 * - `users.ts`, `summary.ts`, `tokens.ts` sums and names
 * - `health.ts`, `ready.ts`, `status.ts`, `stats.ts`, `metrics.ts`, `audit.ts` the daemon itself
 * - `subscriptions.ts`, `announcements.ts`, `snapshot.ts` for administrators
 * - `ticket.ts`, `sep10.ts` tokens and tickets
 * - `list-key.ts` where a page of a list begins
 * - `page.ts` the live page, which is built from `web/`
 * - `docs/` the OpenAPI document, and a page that renders it
 */
export interface RestDeps
  extends TokenDeps, StatusDeps, ReadyDeps, StatsDeps, MetricsDeps, AuditDeps, SnapshotDeps {
  access: Access
  logger: Logger
  reads: Reads
  /** Undefined if this is no SEP-10 server. */
  sep10?: Sep10
}

export function restRoutes(deps: RestDeps) {
  const router = createRouter()
  const { reads, sep10, logger } = deps
  for (const routes of [
    streamListRoutes,
    streamRoutes,
    explainRoutes,
    eventRoutes,
    userRoutes,
    transactionRoutes,
    summaryRoutes,
  ]) {
    router.route('/', routes(reads))
  }
  for (const routes of [
    healthRoutes,
    readyRoutes,
    statusRoutes,
    statsRoutes,
    metricsRoutes,
    auditRoutes,
    ticketRoutes,
    tokenRoutes,
    subscriptionRoutes,
    announcementRoutes,
    snapshotRoutes,
  ]) {
    router.route('/', routes(deps))
  }
  router.route('/', sep10Routes({ sep10, logger }))
  router.route('/', pageRoutes())
  return router
}
