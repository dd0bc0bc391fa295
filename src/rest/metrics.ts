import { z } from '@hono/zod-openapi'
import { AggregatorRegistry } from 'prom-client'
import type { Metrics } from '../metrics/metrics.ts'
import type { Peers } from '../http/peers.ts'
import { createRouter, get } from '../http/router.ts'

const metricsRoute = get({
  path: '/metrics',
  summary: 'Prometheus metrics',
  request: { query: z.strictObject({}) },
  answer: z.string().openapi({ description: 'text exposition format' }),
  type: 'text/plain',
})

export interface MetricsDeps {
  metrics: Metrics
  peers?: Peers
}

export function metricsRoutes({ metrics, peers }: MetricsDeps) {
  const router = createRouter()
  router.openapi(metricsRoute, async () => {
    const registry =
      peers === undefined ? metrics.registry : AggregatorRegistry.aggregate(await peers.metrics())
    const text = await registry.metrics()
    return new Response(text, { headers: { 'content-type': registry.contentType } })
  })
  return router
}
