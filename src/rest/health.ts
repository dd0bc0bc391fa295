import { z } from '@hono/zod-openapi'
import { createRouter, get, json } from '../http/router.ts'

const healthRoute = get({
  path: '/health',
  summary: 'The process is alive',
  request: { query: z.strictObject({}) },
  answer: z.object({ status: z.literal('ok') }),
})

export function healthRoutes() {
  const router = createRouter()
  router.openapi(healthRoute, () => json({ status: 'ok' }))
  return router
}
