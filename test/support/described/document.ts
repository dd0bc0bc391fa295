import { isOfV1 } from '../../../src/http/v1-path.ts'
import { createCompare } from './schema.ts'
import type { Compare, Schema } from './schema.ts'

/** The OpenAPI document of the daemon, and whether an answer is one that it describes. */

interface Described {
  content?: Record<string, { schema?: Schema }>
}

export interface Operation {
  operationId: string
  parameters?: {
    name: string
    in: 'query' | 'path' | 'header'
    required?: boolean
    schema: Schema
  }[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, Described | { $ref: string }>
}

export interface OpenApi {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: Record<string, Record<string, Schema & Described>>
}

export interface Answer {
  method: string
  /** Without the query. */
  path: string
  status: number
  /** Undefined if there is no body. */
  type: string | undefined
  /** Undefined: it is not compared. */
  body?: string
}

export interface Description {
  document: OpenApi
  /** What of an answer is not described. */
  differences(answer: Answer): string[]
  /** What of a frame of the feed is not described. */
  differencesOfFrame(frame: object): string[]
}

/** How FlowFi's own API refuses. */
const V1_PROBLEM = { 'application/json': { schema: { $ref: '#/components/schemas/V1Error' } } }

/** What a path or method that does not exist may answer. */
const WITHOUT_ROUTE = [400, 401, 403, 404, 405, 408, 413, 429, 431, 500, 501]

export function createDescription(document: OpenApi): Description {
  const compare = createCompare((ref) => resolve(document, ref))
  const problem = { $ref: '#/components/schemas/Problem' }
  // What is written out comes before what has parameters.
  const templates = Object.keys(document.paths).toSorted((a, b) => places(a) - places(b))
  const routes = templates.map((path) => ({ path, pattern: patternOf(path) }))

  function itemOf(path: string): Record<string, Operation> | undefined {
    const template = routes.find(({ pattern }) => pattern.test(path))?.path
    return template === undefined ? undefined : document.paths[template]
  }

  function whole(described: Described | { $ref: string }): Described {
    return '$ref' in described ? resolve(document, described.$ref) : described
  }

  /** No such path, or no such method: a problem, or what the path's other methods refuse with. */
  function withoutRoute({ path, status, type, body }: Answer): string[] {
    if (!WITHOUT_ROUTE.includes(status)) return [`status ${status}, but no such route is described`]
    const others = Object.values(itemOf(path) ?? {}).map(({ responses }) => responses[400])
    const contents = others.map((described) => described && whole(described).content)
    const form = isOfV1(path) ? V1_PROBLEM : { 'application/problem+json': { schema: problem } }
    const content = Object.assign({ ...form }, ...contents)
    return compareBody(compare, content as Described['content'], { type, body })
  }

  return {
    document,
    differencesOfFrame: (frame) => compare({ $ref: '#/components/schemas/FeedFrame' }, frame),
    differences(answer) {
      const { method, path, status, type, body } = answer
      if (method === 'OPTIONS') return []
      const operation = itemOf(path)?.[described(method, path)]
      if (operation === undefined) return withoutRoute(answer)
      const response = operation.responses[status]
      if (response === undefined) return [`the status ${status} is not described`]
      return compareBody(compare, whole(response).content, { type, body })
    },
  }
}

/** HEAD answers like GET, and OpenAPI 3.1 has no QUERY, which only the feed knows. */
function described(method: string, path: string): string {
  if (method === 'HEAD') return 'get'
  return method === 'QUERY' && path.endsWith('/subscribe') ? 'post' : method.toLowerCase()
}

function compareBody(
  compare: Compare,
  content: Described['content'],
  { type, body }: { type: string | undefined; body: string | undefined },
): string[] {
  if (type === undefined) return []
  const [name = ''] = type.split(';')
  const schema = content?.[name]?.schema
  if (content?.[name] === undefined) return [`the type ${name} is not described`]
  if (schema === undefined || body === undefined || body === '') return []
  if (name === 'application/x-ndjson') {
    const lines = body.split('\n').filter((line) => line !== '')
    return lines.flatMap((line) => compare(schema, JSON.parse(line)))
  }
  return name.endsWith('json') ? compare(schema, JSON.parse(body)) : []
}

function resolve(document: OpenApi, ref: string): Schema & Described {
  const [, , kind = '', name = ''] = ref.split('/')
  const component = document.components[kind]?.[name]
  if (component === undefined) throw new Error(`the document has no ${ref}`)
  return component
}

function patternOf(path: string): RegExp {
  const escaped = path.replaceAll('.', String.raw`\.`).replaceAll(/\{[^}]*\}/g, '[^/]+')
  return new RegExp(`^${escaped}$`)
}

/** How many parameters a path has. */
function places(path: string): number {
  return path.split('{').length
}
