import { z } from '@hono/zod-openapi'
import { createRouter, get, json } from '../router.ts'

export function healthRoutes() {
  const router = createRouter()
  router.openapi(
    get({
      path: '/health',
      summary: 'The process is alive',
      request: { query: z.strictObject({}) },
      answer: z.object({ status: z.literal('ok') }),
    }),
    () => json({ status: 'ok' }),
  )
  return router
}
