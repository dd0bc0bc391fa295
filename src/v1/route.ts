import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { EventFilter } from '../domain/filter.ts'
import type { ClientEnv } from '../http/client.ts'
import type { Reads } from '../http/router.ts'
import { createRouter } from '../http/router.ts'
import type { ReadEvent } from './event.ts'
import { readQuery } from './query.ts'
import type { Query } from './query.ts'

/**
 * Declares a route of FlowFi's API. The schemas only describe it: their backend ignores what it does
 * not understand, so the routes read parameters themselves (`query.ts`).
 */

/** What the routes read from. */
export interface V1Reads extends Pick<Reads, 'store' | 'sliced'> {
  read: ReadEvent
}

type Router = ReturnType<typeof createRouter>

interface Declared {
  /** As in the OpenAPI document: `/streams/{id}`. */
  path: string
  summary: string
  query?: Record<string, z.ZodType>
  answer: z.ZodType
  /** Of the answer; default: JSON. */
  type?: string
  problems?: Record<number, string>
}

const V1Error = z
  .object({
    error: z.string().optional(),
    message: z.string().optional(),
    status: z.number().int().optional(),
    supportedVersions: z.array(z.string()).optional(),
    errors: z.array(z.unknown()).optional(),
  })
  .openapi('V1Error', { description: 'an error as FlowFi’s backend gives it' })

const EVERYWHERE = {
  400: 'the request is malformed',
  401: 'the token is missing or not valid',
  403: 'the origin is not allowed',
  429: 'too many requests',
  500: 'the server failed',
  503: 'the server is too busy',
}

/** A GET route, with its line in the document. */
export function v1Get(
  router: Router,
  declared: Declared,
  handler: (c: Context<ClientEnv>, query: Query) => Response | Promise<Response>,
): void {
  const { path, summary, query = {}, answer, type = 'application/json', problems } = declared
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  const params = z.object(Object.fromEntries(names.map((name) => [name, z.string()])))
  const refusals = Object.entries({ ...EVERYWHERE, ...problems }).map(([status, description]) => [
    status,
    { description, content: { 'application/json': { schema: V1Error } } },
  ])
  router.openAPIRegistry.registerPath({
    method: 'get',
    path,
    summary,
    tags: ['FlowFi v1'],
    request: { ...(names.length > 0 && { params }), query: z.object(query) },
    responses: {
      ...(Object.fromEntries(refusals) as object),
      200: { description: 'ok', content: { [type]: { schema: answer } } },
    },
  })
  router.get(path.replaceAll(/\{(\w+)\}/g, ':$1'), (c) => handler(c, readQuery(urlOf(c))))
}

/** As it came: Hono has changed how some characters are written. */
export function urlOf({ req, env }: Context<ClientEnv>): string {
  return env.wire?.incoming.url ?? req.url
}

/** The events of these streams and users that the sender of the request may see. */
export function visible(
  c: Context<ClientEnv>,
  { streams = [], users = [], types }: Partial<EventFilter>,
): EventFilter {
  const party = c.get('party')
  return { streams, users, types, ...(party !== undefined && { party }) }
}

/** Optional text in a query. */
export const Text = z.string().optional()
export const Size = z.string().optional().openapi({ type: 'integer' })
