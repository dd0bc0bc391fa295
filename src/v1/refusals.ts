import type { MiddlewareHandler } from 'hono'
import { readCredentials } from '../auth/credentials.ts'
import { carriersIn } from '../http/carriers.ts'
import type { ClientEnv } from '../http/client.ts'
import { PROBLEM_TYPE } from '../http/problem.ts'
import type { Problem } from '../http/problem.ts'
import { json } from '../http/router.ts'
import { isOfV1, V1 } from '../http/v1-path.ts'

/** Refusals in the form of FlowFi's backend: `error`, `message` or both, and no more. */

export function refuse(status: number, error: string, message?: string): Response {
  return json({ error, ...(message !== undefined && { message }) }, status)
}

export function missingToken(): Response {
  const refusal = refuse(401, 'Unauthorized', 'Missing Bearer token')
  refusal.headers.set('www-authenticate', 'Bearer')
  return refusal
}

/**
 * What middleware refuses for every route alike, it refuses as a problem. On the paths of FlowFi's
 * API this gives it their form.
 */
export const problemsInV1Form: MiddlewareHandler<ClientEnv> = async (c, next) => {
  await next()
  const { req, res } = c
  if (!isOfV1(req.path) || res.headers.get('content-type') !== PROBLEM_TYPE) return
  const problem = (await res.clone().json()) as Problem
  const { path } = req
  const isMissing = readCredentials(carriersIn(c)).kind === 'none'
  const isOriginAllowed = c.get('corsHeaders') !== undefined
  const headers = new Headers(res.headers)
  headers.set('content-type', 'application/json')
  headers.delete('content-length')
  const body = JSON.stringify(bodyOf(problem, { path, isMissing, isOriginAllowed }))
  c.res = undefined
  c.res = new Response(body, { status: problem.status, headers })
}

export const FEED = `${V1}/events/subscribe`
/** These spell the same error in another way. */
const INTERNAL_IN_LOWER_CASE = /^\/v1\/(streams|users\/[^/]+\/summary)(\/|$)/

interface Circumstances {
  path: string
  /** There was no token. */
  isMissing: boolean
  isOriginAllowed: boolean
}

function bodyOf(
  { status, title, detail, errors }: Problem,
  { path, isMissing, isOriginAllowed }: Circumstances,
) {
  switch (status) {
    case 401: {
      const message = isMissing ? 'Missing Bearer token' : 'Invalid or expired token'
      return { error: 'Unauthorized', message }
    }
    case 403:
      if (!isOriginAllowed) return { error: 'CORS origin not allowed' }
      return { error: 'Forbidden', message: detail }
    case 429:
      return { message: detail, status }
    case 500: {
      const isLower = INTERNAL_IN_LOWER_CASE.test(path)
      return isLower
        ? { error: 'Internal server error' }
        : { error: 'Internal Server Error', message: detail }
    }
  }
  if (path !== FEED) return { error: title, message: detail }
  if (status !== 400) return { message: detail }
  return { message: 'Invalid subscription parameters', errors: errors ?? [detail] }
}
