import { z } from '@hono/zod-openapi'
import { endOfLedger } from '../domain/cursor.ts'
import { EVERYTHING } from '../domain/filter.ts'
import { STREAM_STATUSES } from '../domain/stream.ts'
import type { StreamStatus } from '../domain/stream.ts'
import { createRouter, json, jsonText } from '../http/router.ts'
import { secondsSinceLook } from './health.ts'
import type { HealthDeps } from './health.ts'
import { eventsWith } from './past.ts'
import { v1Get } from './route.ts'
import type { V1Reads } from './route.ts'

/** What FlowFi's backend tells its administrator. */

/** The figures go through the whole log, so they are kept for a while, as their backend does. */
const KEEP_MS = 60_000
const DAY_SECONDS = 86_400

const Whole = z.number().int()
const When = z.string().openapi({ format: 'date-time' })

const IndexerStatus = z
  .object({
    lastLedger: Whole,
    lastCursor: z.string().nullable(),
    updatedAt: When,
    lagSeconds: z.number(),
  })
  .openapi('V1IndexerStatus')

const Metrics = z
  .object({
    total_streams: Whole,
    active_streams: Whole,
    paused_streams: Whole,
    completed_streams: Whole,
    cancelled_streams: Whole,
    total_volume_streamed: z.string().openapi({ description: 'over all tokens' }),
    streams: z.object({
      total: Whole,
      active: Whole,
      paused: Whole,
      cancelled: Whole,
      completed: Whole,
    }),
    events: z.object({ total: Whole, last24h: Whole }),
    fees: z.record(z.string(), z.string()).openapi({ description: 'fees collected, by token' }),
    sse: z.object({ activeConnections: Whole }),
    indexer: z.object({ lastLedger: Whole, lagSeconds: z.number() }),
    uptime: z.number(),
    timestamp: When,
  })
  .openapi('V1Metrics')

export function adminRoutes({ store, sliced, read, ...deps }: V1Reads & HealthDeps) {
  const router = createRouter()
  const { log, coverage } = store
  const startedAt = performance.now()
  const uptime = () => (performance.now() - startedAt) / 1_000
  let kept: { text: string; until: number } | undefined

  v1Get(
    router,
    { path: '/admin/indexer/status', summary: 'How far the indexer is', answer: IndexerStatus },
    () => {
      const checkpoint = coverage.checkpoint()
      const lagSeconds = secondsSinceLook(deps.upstream(), uptime())
      return json({
        lastLedger: checkpoint?.ledger ?? 0,
        lastCursor: checkpoint?.cursor ?? null,
        updatedAt: new Date(Date.now() - lagSeconds * 1_000).toISOString(),
        lagSeconds,
      })
    },
  )

  v1Get(
    router,
    { path: '/admin/metrics', summary: 'Figures, a minute old at most', answer: Metrics },
    (c) => sliced(c, metrics()),
  )

  function* metrics(): Generator<void, Response> {
    yield
    if (kept !== undefined && performance.now() < kept.until) return jsonText(kept.text)
    const last24h = yield* eventsOfADay()
    const fees = yield* feesByToken()
    const figures = {
      ...ofStreams(),
      events: { total: eventCount(), last24h },
      fees,
      ...ofProcess(),
    }
    kept = { text: JSON.stringify(figures), until: performance.now() + KEEP_MS }
    return jsonText(kept.text)
  }

  function ofStreams() {
    const totals = store.streams.wholeTotals()
    const count = (status?: StreamStatus) =>
      totals
        .filter((total) => status === undefined || total.status === status)
        .reduce((sum, { streams }) => sum + streams, 0)
    const volume = totals.reduce((sum, { withdrawnAmount }) => sum + withdrawnAmount, 0n)
    const byStatus = STREAM_STATUSES.map((status) => [status, count(status)] as const)
    return {
      total_streams: count(),
      ...Object.fromEntries(byStatus.map(([status, streams]) => [`${status}_streams`, streams])),
      total_volume_streamed: volume.toString(),
      streams: { total: count(), ...Object.fromEntries(byStatus) },
    }
  }

  function ofProcess() {
    return {
      sse: { activeConnections: deps.feed.stats().activeConnections },
      indexer: {
        lastLedger: coverage.checkpoint()?.ledger ?? 0,
        lagSeconds: secondsSinceLook(deps.upstream(), uptime()),
      },
      uptime: uptime(),
      timestamp: new Date().toISOString(),
    }
  }

  function eventCount(): number {
    return log
      .counts()
      .values()
      .reduce((sum, count) => sum + count, 0)
  }

  /** Up to the checkpoint, in ledger time. */
  function* eventsOfADay(): Generator<void, number> {
    const now = coverage.checkpoint()?.ledgerClosedAt ?? 0
    const after = endOfLedger(Math.max(0, log.firstLedgerSince(now - DAY_SECONDS) - 1))
    let count = 0
    for (const batch of log.walk({ filter: EVERYTHING, after })) {
      count += batch.length
      yield
    }
    return count
  }

  function* feesByToken(): Generator<void, Record<string, string>> {
    const fees = new Map<string, bigint>()
    const filter = { streams: [], users: [], types: ['stream.fee_collected'] }
    for (const batch of log.walk({ filter })) {
      for (const fee of yield* eventsWith({ log, read }, batch)) {
        const token = fee.field('token')
        fees.set(token, (fees.get(token) ?? 0n) + BigInt(fee.field('feeAmount')))
      }
      yield
    }
    return Object.fromEntries([...fees].map(([token, sum]) => [token, sum.toString()]))
  }

  return router
}
