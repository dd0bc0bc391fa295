import { OpenAPIHono } from '@hono/zod-openapi'
import { EventJson } from '../../http/event-shapes.ts'
import { neededFor } from '../../http/middleware/access.ts'
import { isCounted } from '../../http/middleware/rate-limit.ts'
import { isSnapshot } from '../../http/middleware/snapshots.ts'
import { isOfV1 } from '../../http/v1-path.ts'
import { COMPONENTS, HEADERS, NOT_MODIFIED, refusalsOf, securityOf, UNREAD } from './components.ts'

/**
 * The OpenAPI document, generated from the schemas that validate requests. What all routes have in
 * common (refusals, headers, credentials) is added here, so that no route needs to declare it.
 */

export type Definitions = OpenAPIHono['openAPIRegistry']['definitions']
type Document = ReturnType<OpenAPIHono['getOpenAPI31Document']>
type Paths = NonNullable<Document['paths']>
type Operation = NonNullable<Paths[string]['get']>

const VERSION = '3.1.0'
const EMPTY = { openapi: VERSION, info: { title: '', version: '' } }
const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const

const INTRODUCTION = `Streams and events of the FlowFi contract, and a feed that can be resumed.

- Amounts, rates and ids of streams are decimal strings. Times inside streams and events are Unix seconds.
- \`asOf\` is the position at which an answer was read. Take a snapshot, subscribe from its \`asOf.cursor\`, and nothing is missed.
- Lists continue with \`nextCursor\`, which is null at the end.
- HEAD answers like GET, without a body. An unknown path is a 404, an unknown method a 405, both as problems (RFC 9457).
- Unknown parameters, values beyond their limits, and single values that are given twice are refused with 400.
- With \`AUTH=open\` no route but \`/admin/\` needs a token; with \`AUTH=jwt\` those that say so do.`

const TAGS = [
  { name: 'Streams', description: 'payment streams, as snapshots' },
  { name: 'Events', description: 'the event log' },
  { name: 'Feed', description: 'Server-Sent Events: first what was missed, then live' },
  { name: 'Users', description: 'what concerns one address' },
  { name: 'Contract', description: 'sums, tokens and transactions' },
  { name: 'Access', description: 'tokens' },
  { name: 'Operation', description: 'is it healthy?' },
  { name: 'Administration', description: 'for operators' },
  { name: 'Documentation', description: 'this document, and the live page' },
  {
    name: 'FlowFi v1',
    description: 'the read side of FlowFi’s own backend, also under /api/v1, /v1/v1 and /api/v1/v1',
  },
]

/** The first segment of a path decides, unless the path is the feed's. */
const TAG_OF: Record<string, string> = {
  streams: 'Streams',
  events: 'Events',
  users: 'Users',
  summary: 'Contract',
  tokens: 'Contract',
  transactions: 'Contract',
  auth: 'Access',
  '.well-known': 'Access',
  admin: 'Administration',
  'openapi.json': 'Documentation',
  docs: 'Documentation',
  '': 'Documentation',
  assets: 'Documentation',
}

function tagOf(path: string): string {
  if (path.startsWith('/events/')) return 'Feed'
  return TAG_OF[path.split('/')[1] ?? ''] ?? 'Operation'
}

/** The document as JSON. It comes in steps, one for each route: all at once would block others. */
export function* describeRoutes(
  definitions: Definitions,
  version: string,
): Generator<void, string> {
  const schemas: Record<string, object> = {}
  const paths: Paths = {}
  // A schema costs most when it is used for the first time, so the largest one comes in pieces.
  for (const event of EventJson.options) {
    yield
    const one = new OpenAPIHono()
    one.openAPIRegistry.register('Event', event)
    one.getOpenAPI31Document(EMPTY)
  }
  for (const definition of definitions) {
    if (definition.type !== 'route') continue
    yield
    const part = partOf(definition.route)
    Object.assign(schemas, part.components?.schemas)
    for (const [path, item] of Object.entries(part.paths ?? {})) {
      for (const method of METHODS) {
        const operation = item[method]
        if (operation === undefined) continue
        paths[path] = { ...paths[path], [method]: complete(operation, { path, method }) }
      }
    }
  }
  return JSON.stringify({
    openapi: VERSION,
    info: { title: 'flowfi-indexer', version, description: INTRODUCTION },
    servers: [{ url: '/' }],
    tags: TAGS,
    paths,
    components: { ...COMPONENTS, schemas },
  })
}

/** The document of a single route. */
function partOf(route: Parameters<OpenAPIHono['openAPIRegistry']['registerPath']>[0]): Document {
  const one = new OpenAPIHono()
  one.openAPIRegistry.registerPath(route)
  return one.getOpenAPI31Document(EMPTY)
}

interface Place {
  path: string
  method: string
}

function complete(operation: Operation, { path, method }: Place): Operation {
  const needed = { open: neededFor(path, 'open'), jwt: neededFor(path, 'jwt') }
  const own = Object.entries(operation.responses ?? {}).map(([status, response]) => [
    status,
    '$ref' in response ? response : { ...response, headers: headersOf(path, response) },
  ])
  return {
    tags: [tagOf(path)],
    operationId: idOf(path, method),
    ...operation,
    security: securityOf({ path, method, ...needed }),
    // FlowFi's API has a form of its own for refusals, and says so on each route.
    responses: {
      ...(isOfV1(path) ? UNREAD : refusalsOf(needed.jwt)),
      ...(isSnapshot(path) && NOT_MODIFIED),
      ...(Object.fromEntries(own) as object),
    },
  }
}

function headersOf(path: string, response: { headers?: object | undefined }): object {
  return {
    ...HEADERS.always,
    ...(isCounted(path) && HEADERS.counted),
    ...(isSnapshot(path) && HEADERS.snapshot),
    ...response.headers,
  }
}

/** `get /streams/{id}/events` is `getStreamsIdEvents`. */
function idOf(path: string, method: string): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}
