import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createRoute, z } from '@hono/zod-openapi'
import { noSuchRoute, respond } from '../../http/problem.ts'
import { createRouter, get, jsonText, refusals } from '../../http/router.ts'
import type { Sliced } from '../../http/sliced.ts'
import { describeRoutes } from './document.ts'
import type { Definitions } from './document.ts'
import { DOCS_PAGE, DOCS_SCRIPT, PAGE_HEADERS } from './page.ts'

/**
 * The API's description, for programs and for people. Everything comes from our own files.
 *
 * - `document.ts` the OpenAPI document · `components.ts` what its routes share
 * - `page.ts` the page that renders it
 */

const SCRIPT = 'start.js'
/** The files that the page loads, and their types. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['swagger-ui.css', 'text/css'],
  ['swagger-ui-bundle.js', 'text/javascript'],
  ['favicon-32x32.png', 'image/png'],
  [SCRIPT, 'text/javascript'],
])

const documentRoute = get({
  path: '/openapi.json',
  summary: 'This document (OpenAPI 3.1)',
  request: { query: z.strictObject({}) },
  answer: z.looseObject({ openapi: z.string() }).openapi({ description: 'an OpenAPI document' }),
})

const pageRoute = get({
  path: '/docs',
  summary: 'This document as a page',
  request: { query: z.strictObject({}) },
  answer: z.string(),
  type: 'text/html',
})

const fileRoute = createRoute({
  method: 'get',
  path: '/docs/{file}',
  summary: 'What the page loads',
  request: {
    params: z.strictObject({ file: z.string().openapi({ enum: [...TYPES.keys()] }) }),
    query: z.strictObject({}),
  },
  responses: {
    200: {
      description: 'ok',
      content: Object.fromEntries(
        [...TYPES.values()].map((type) => [type, { schema: z.string() }]),
      ),
    },
    ...refusals({ 404: 'the page loads no such file' }),
  },
})

export interface DocsDeps {
  version: string
  sliced: Sliced
  /** Of all routes. */
  definitions: () => Definitions
}

export function docsRoutes({ version, sliced, definitions }: DocsDeps) {
  const router = createRouter()
  let text: string | undefined

  function* document(): Generator<void, Response> {
    text ??= yield* describeRoutes(definitions(), version)
    return jsonText(text)
  }

  router.openapi(documentRoute, (c) => sliced(c, document()))
  router.openapi(pageRoute, () => new Response(DOCS_PAGE, { headers: PAGE_HEADERS }))
  router.openapi(fileRoute, async (c) => {
    const { file } = c.req.valid('param')
    const type = TYPES.get(file)
    if (type === undefined) return respond(noSuchRoute(c.req.path))
    const body = file === SCRIPT ? DOCS_SCRIPT : await readFile(pathOf(file))
    return new Response(body, {
      headers: { 'content-type': type, 'cache-control': 'max-age=3600' },
    })
  })
  return router
}

function pathOf(file: string): string {
  const require = createRequire(import.meta.url)
  return join(dirname(require.resolve('swagger-ui-dist/package.json')), file)
}
