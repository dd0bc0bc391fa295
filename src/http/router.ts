import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { RouteConfig } from '@hono/zod-openapi'
import type { Context, Next } from 'hono'
import type { Decode } from '../domain/event.ts'
import type { Store } from '../store/store.ts'
import type { ClientEnv } from './client.ts'
import type { Exports } from './formats/export.ts'
import { AsOf, ProblemJson } from './json.ts'
import { waitAsAsked } from './middleware/wait.ts'
import { explain } from './parameters.ts'
import { badRequest, PROBLEM_TYPE, respond } from './problem.ts'
import type { Sliced } from './sliced.ts'
import { textResponse } from './text.ts'

/**
 * What every route is made of, whichever API it belongs to, and how requests reach it.
 *
 * - `router.ts` what declares a route · `parameters.ts` the values in a request ·
 *   `json.ts`, `event-shapes.ts` the shapes in an answer · `problem.ts` the refusals
 * - `subscribe/` the feed: its route, and what a request for it may say
 * - `middleware/` what happens before a route: origins, rates, access, the form of a request,
 *   waiting for the log; and after it: ETags, compression, what caches may do, lengths
 * - `formats/` NDJSON and CSV, answers of any size, gzip and br
 * - `server/` connections, the lean lane of the feed, and Node's HTTP server
 * - `client.ts` what the server tells the routes · `exchange.ts` whether the client is still there ·
 *   `holder.ts` whose limits a request counts against · `carriers.ts` where a request may carry a token
 * - `cors.ts` whose scripts may use the API · `request-id.ts` names requests · `rate-limit.ts` counts
 *   requests · `text.ts` the text of an answer · `sliced.ts` long reads in turns · `waiting.ts`
 *   requests that wait for the log · `room.ts` who may be among them
 * - `peers.ts` the other processes that serve the same port · `v1-path.ts` by which paths FlowFi's clients ask
 */
export type App = OpenAPIHono<ClientEnv>

/** What the routes of the data read from. */
export interface Reads {
  store: Store
  sliced: Sliced
  /** Reads of the past decode stored events again: their JSON leaves out what it says elsewhere. */
  decode: Decode
  exports: Exports
}

interface RouterOptions {
  /** The path by which a request finds its route; default: the one in its URL. */
  getPath?(request: Request): string
}

/**
 * A router that refuses invalid input with a problem that names the parameter. Routes with the
 * parameters `WAIT` wait before their handler runs.
 */
export function createRouter(options: RouterOptions = {}): OpenAPIHono<ClientEnv> {
  const router = new OpenAPIHono<ClientEnv>({
    ...options,
    defaultHook: (result) => {
      if (result.success) return undefined
      return respond(badRequest(explain(result.error)))
    },
  })
  const { openapi } = router
  type Handle = (c: Context<ClientEnv>, next: Next) => Response | Promise<Response>
  const openWaiting = (route: RouteConfig, handle: Handle, ...rest: unknown[]) => {
    const waits: Handle = (c, next) =>
      waitAsAsked(c, c.req.valid('query' as never)) ?? handle(c, next)
    return openapi(route, canWait(route) ? waits : handle, ...(rest as []))
  }
  router.openapi = openWaiting as typeof openapi
  return router
}

function canWait({ request }: Pick<RouteConfig, 'request'>): boolean {
  return request?.query instanceof z.ZodObject && 'wait' in request.query.shape
}

const problemContent = { [PROBLEM_TYPE]: { schema: ProblemJson } }

interface Refusal {
  description: string
  content: typeof problemContent
}

/** The refusals that a route documents, by status. */
export function refusals(problems: Partial<Record<number, string>>) {
  const entries = Object.entries(problems).map(([status, description = '']) => [
    status,
    { description, content: problemContent },
  ])
  return Object.fromEntries(entries) as Record<string, Refusal>
}

interface Endpoint<P, R> {
  path: P
  summary: string
  request: R
  answer: z.ZodType
  /** Of the answer; default: JSON. */
  type?: string
  /** Other types that it can have, and headers. */
  exports?: { content: Record<string, { schema: z.ZodType }>; headers: z.ZodObject }
  problems?: Partial<Record<404 | 429 | 503, string>>
}

type Requested = NonNullable<RouteConfig['request']>

/** A GET route. */
export function get<P extends string, R extends Requested>(options: Endpoint<P, R>) {
  return endpoint({ ...options, method: 'get' })
}

/** A route without a body. Refusals that every route can give are added to the document. */
export function endpoint<M extends 'get' | 'delete', P extends string, R extends Requested>(
  options: Endpoint<P, R> & { method: M },
) {
  const { method, path, summary, request, answer } = options
  const { type = 'application/json', exports, problems = {} } = options
  const ok = {
    description: 'ok',
    content: { [type]: { schema: answer }, ...exports?.content },
    ...(exports && { headers: exports.headers }),
  }
  // Handlers return plain Responses, which have no type for their body.
  const responses: Record<200, { description: string }> = {
    200: ok,
    ...refusals({ ...(canWait({ request }) && { 503: NOT_YET }), ...problems }),
  }
  return createRoute({ method, path, summary, request, responses })
}

const NOT_YET = 'the log has not reached what the request waits for, or too many requests wait'

export function listOf(item: z.ZodType) {
  return z.object({
    data: z.array(item),
    nextCursor: z.string().nullable().openapi({ description: 'null at the end' }),
    asOf: AsOf,
  })
}

export function oneOf(item: z.ZodType) {
  return z.object({ data: item, asOf: AsOf })
}

const JSON_TYPE = { 'content-type': 'application/json' }

/** JSON that is already text: stored events are sent as they are. */
export function jsonText(text: string): Response {
  return textResponse(text, { headers: JSON_TYPE })
}

export function json(value: unknown, status = 200): Response {
  return textResponse(JSON.stringify(value), { status, headers: JSON_TYPE })
}

/** JSON that is easy to read without a tool. */
export function readable(value: unknown): Response {
  return jsonText(`${JSON.stringify(value, null, 2)}\n`)
}
