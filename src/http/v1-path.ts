import { getPath } from 'hono/utils/url'

/**
 * FlowFi's clients put `/v1`, `/api/v1`, `/v1/v1` or `/api/v1/v1` before every path, and sometimes a
 * slash too many. For the routes all of these are `/v1`.
 */
export const V1 = '/v1'

const PREFIX = /^(?:\/api)?(?:\/v1){1,2}(?=\/|$)/
const SLASHES = /\/{2,}/g
/** This API in any version. */
const ANY_VERSION = /^(?:\/api)?\/v\d+(?=\/|$)/

/** The path by which a request finds its route. */
export function routePath(request: Request): string {
  const path = getPath(request)
  const plain = path.includes('//') ? path.replaceAll(SLASHES, '/') : path
  const [prefix] = PREFIX.exec(plain) ?? []
  if (prefix === undefined) return path
  const rest = plain.slice(prefix.length)
  return V1 + (rest.endsWith('/') ? rest.slice(0, -1) : rest)
}

/** Whether a path as `routePath` gives it is one of FlowFi's API. */
export function isOfV1(path: string): boolean {
  return ANY_VERSION.test(path)
}
