import { hash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { ClientEnv } from '../http/client.ts'
import { preferredCoding } from '../http/formats/coding.ts'
import type { Coding } from '../http/formats/coding.ts'
import { noSuchRoute, respond } from '../http/problem.ts'
import { createRouter, refusals } from '../http/router.ts'
import { NOT_BUILT, PAGE_HEADERS } from './docs/page.ts'

/** What `npm run build:page` makes of `web/`. */
const BUILT = join(import.meta.dirname, '../../web/dist')

/** The types of what the page loads, by the end of the name. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['.js', 'text/javascript'],
  ['.css', 'text/css'],
  ['.svg', 'image/svg+xml'],
])
const ENDINGS = { br: '.br', gzip: '.gz' } as const satisfies Record<Coding, string>

/** The name of an asset changes with its content. */
const FOR_EVER = 'public, max-age=31536000, immutable'

const html = { 'text/html': { schema: z.string() } }

const pageRoute = createRoute({
  method: 'get',
  path: '/',
  summary: 'The live page',
  request: { query: z.strictObject({}) },
  responses: {
    200: { description: 'ok', content: html },
    304: { description: 'the client has it' },
    503: { description: 'the page has not been built; the answer says how', content: html },
  } as Record<200 | 304 | 503, { description: string }>,
})

const assetRoute = createRoute({
  method: 'get',
  path: '/assets/{file}',
  summary: 'What the live page loads',
  request: { params: z.strictObject({ file: z.string() }), query: z.strictObject({}) },
  responses: {
    200: {
      description: 'ok',
      content: Object.fromEntries([...TYPES.values()].map((type) => [type, html['text/html']])),
    },
    ...refusals({ 404: 'the page loads no such file' }),
  },
})

/** One file in the codings that were made when the page was built. */
interface Asset {
  plain: Buffer<ArrayBuffer>
  coded: Partial<Record<Coding, Buffer<ArrayBuffer>>>
}

interface Page {
  index: Asset
  tag: string
  assets: ReadonlyMap<string, Asset>
}

/** The live page, kept in memory from the first request on. */
export function pageRoutes(folder = BUILT) {
  const router = createRouter()
  let page: Page | undefined

  /** Undefined while the page is not built: who builds it need not start the daemon again. */
  async function load(): Promise<Page | undefined> {
    page ??= await readPage(folder)
    return page
  }

  router.openapi(pageRoute, async (c) => {
    const { index, tag } = (await load()) ?? {}
    if (index === undefined || tag === undefined) {
      return new Response(NOT_BUILT, { status: 503, headers: PAGE_HEADERS })
    }
    if (c.req.header('if-none-match')?.includes(tag) === true) {
      return new Response(null, { status: 304, headers: { etag: `W/${tag}` } })
    }
    return send(c, index, { ...PAGE_HEADERS, 'cache-control': 'no-cache', etag: `W/${tag}` })
  })
  router.openapi(assetRoute, async (c) => {
    const { file } = c.req.valid('param')
    const type = TYPES.get(extname(file))
    const asset = (await load())?.assets.get(file)
    if (type === undefined || asset === undefined) return respond(noSuchRoute(c.req.path))
    return send(c, asset, { 'content-type': type, 'cache-control': FOR_EVER })
  })
  return router
}

function send(c: Context<ClientEnv>, asset: Asset, headers: Record<string, string>): Response {
  const coding = preferredCoding(c.req.header('accept-encoding'))
  const coded = coding && asset.coded[coding]
  if (coding === undefined || coded === undefined) return new Response(asset.plain, { headers })
  return new Response(coded, { headers: { ...headers, 'content-encoding': coding } })
}

/** Undefined if there is none. */
async function readPage(folder: string): Promise<Page | undefined> {
  const names = await readdir(join(folder, 'assets')).catch(() => [])
  const index = await readAsset(join(folder, 'index.html'))
  if (index === undefined) return undefined
  const assets = new Map<string, Asset>()
  for (const name of names.filter((file) => TYPES.has(extname(file)))) {
    const asset = await readAsset(join(folder, 'assets', name))
    if (asset !== undefined) assets.set(name, asset)
  }
  return { index, tag: `"${hash('sha1', index.plain, 'base64url')}"`, assets }
}

async function readAsset(path: string): Promise<Asset | undefined> {
  const plain = await readIfThere(path)
  if (plain === undefined) return undefined
  const coded: Asset['coded'] = {}
  for (const [coding, ending] of Object.entries(ENDINGS) as [Coding, string][]) {
    const bytes = await readIfThere(path + ending)
    if (bytes !== undefined) coded[coding] = bytes
  }
  return { plain, coded }
}

function readIfThere(path: string): Promise<Buffer<ArrayBuffer> | undefined> {
  return readFile(path).catch(() => undefined)
}
