import { z } from '@hono/zod-openapi'
import { createRouter, json } from '../http/router.ts'
import type { Reads } from '../http/router.ts'
import type { HandOver } from '../http/subscribe/hand-over.ts'
import type { FeedApi } from '../http/subscribe/apis.ts'
import { adminRoutes } from './admin.ts'
import { createReadEvent } from './event.ts'
import { healthRoutes } from './health.ts'
import type { HealthDeps } from './health.ts'
import { historyRoutes } from './history.ts'
import { V1 } from '../http/v1-path.ts'
import { v1Get } from './route.ts'
import { streamRoutes } from './streams.ts'
import { subscribeRoutes } from './subscribe.ts'
import { userRoutes } from './users.ts'

/**
 * The read side of FlowFi's own backend, so that its front end and other clients run against this
 * daemon unchanged. It translates: what it shows comes from the same reads and the same feed.
 *
 * - `query.ts` parameters · `route.ts` what declares a route ·
 *   `refusals.ts` errors in their form
 * - `streams.ts` (with `stream-page.ts`, `anchors.ts`), `history.ts` (with `event-page.ts`), `users.ts` (with
 *   `key.ts`), `health.ts`, `admin.ts`, `subscribe.ts` (with `dialect.ts`) the routes
 * - `stream.ts`, `event.ts`, `numbers.ts` their shapes · `past.ts` what only a stream's events tell
 */
export interface V1Deps extends Pick<Reads, 'store' | 'sliced' | 'decode'>, HealthDeps {
  handOver: HandOver
  v1Feed: FeedApi
}

export function v1Routes({ store, sliced, decode, handOver, v1Feed, ...deps }: V1Deps) {
  const router = createRouter()
  const read = createReadEvent(store.log, decode)
  const reads = { store, sliced, read }
  v1Get(
    router,
    { path: '/', summary: 'The backend runs', answer: z.string(), type: 'text/plain' },
    () => new Response('FlowFi Backend is running', { headers: { 'content-type': 'text/plain' } }),
  )
  for (const [path, target, type] of DESCRIPTIONS) {
    v1Get(
      router,
      {
        path,
        summary: `Leads to ${target}`,
        answer: z.unknown(),
        type,
        problems: { 302: 'it is there' },
      },
      (c) => c.redirect(target),
    )
  }
  router.route('/', healthRoutes({ store, ...deps }))
  router.route('/', adminRoutes({ ...reads, ...deps }))
  router.route('/', subscribeRoutes({ handOver, v1Feed }))
  // Before `/streams/{id}/…` and `/users/{key}`, which would match too.
  for (const routes of [userRoutes, streamRoutes, historyRoutes]) router.route('/', routes(reads))
  return withPrefix(router)
}

/** Where their clients look for a description of the API, and where it is. */
const DESCRIPTIONS = [
  ['/api-docs', '/docs', 'text/html'],
  ['/api-docs.json', '/openapi.json', 'application/json'],
] as const

/** With any other version, nothing is found. */
function withPrefix(router: ReturnType<typeof createRouter>) {
  const all = createRouter()
  all.route(V1, router)
  for (const path of ['/:version{v[0-9]+}/*', '/api/:version{v[0-9]+}/*']) {
    all.all(path, (c) => {
      const version = c.req.param('version') ?? ''
      return version === V1.slice(1) ? c.notFound() : unsupportedVersion(version)
    })
  }
  return all
}

function unsupportedVersion(version: string): Response {
  const error = 'Unsupported API version'
  const message = `API version ${version} is not supported`
  return json({ error, message, supportedVersions: ['v1'] }, 400)
}
