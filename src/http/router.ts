import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { RouteConfig } from '@hono/zod-openapi'
import type { Store } from '../store/store.ts'
import type { ClientEnv, Sliced } from './sliced.ts'
import { AsOf, ProblemJson } from './json.ts'
import { explain } from './parameters.ts'
import { badRequest, PROBLEM_TYPE, respond } from './problem.ts'

/** What the resources read from. */
export interface Reads {
  store: Store
  sliced: Sliced
}

/** A router whose every refusal of input is a problem that names the parameter. */
export function createRouter(): OpenAPIHono<ClientEnv> {
  return new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return undefined
      return respond(badRequest(explain(result.error)))
    },
  })
}

const problemContent = { [PROBLEM_TYPE]: { schema: ProblemJson } }

/** A GET route; what every route can answer besides its own 200 is added here. */
export function get<P extends string, R extends NonNullable<RouteConfig['request']>>(options: {
  path: P
  summary: string
  request: R
  answer: z.ZodType
  problems?: Partial<Record<404 | 429 | 503, string>>
}) {
  const { path, summary, request, answer, problems = {} } = options
  const refusals = Object.entries(problems).map(([status, description]) => [
    status,
    { description, content: problemContent },
  ])
  const responses = {
    200: { description: 'ok', content: { 'application/json': { schema: answer } } },
    400: { description: 'a parameter is not legal', content: problemContent },
    ...Object.fromEntries(refusals),
  }
  // Answers are written as plain Responses, so their types stay out of the handlers'.
  return createRoute({ method: 'get', path, summary, request, responses: responses as Described })
}

type Described = Record<200, { description: string }>

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

/** JSON that is text already: stored event bodies are sent as they are. */
export function jsonText(text: string): Response {
  return new Response(text, { headers: { 'content-type': 'application/json' } })
}

export function json(value: unknown, status = 200): Response {
  return Response.json(value, { status })
}

/** JSON for people to read as it comes. */
export function readable(value: unknown): Response {
  return jsonText(`${JSON.stringify(value, null, 2)}\n`)
}
