import type { Context } from 'hono'
import type { Carriers } from '../auth/credentials.ts'
import type { ClientEnv } from './client.ts'
import { searchOf } from './parameters.ts'
import { SUBSCRIBE_PATH } from './subscribe/request.ts'
import { V1 } from './v1-path.ts'

/** What of a request can carry a token. */
interface Carrying {
  method: string
  path: string
  query(): URLSearchParams
  header(name: 'authorization' | 'cookie'): string | undefined
}

const READING = ['GET', 'HEAD']
/** Ours, and that of FlowFi's own API. */
const FEEDS = [SUBSCRIBE_PATH, `${V1}${SUBSCRIBE_PATH}`]

/**
 * Where a request may carry a token. The feed takes it in the query too, because a browser's
 * EventSource cannot send headers. A route that changes something takes no cookie: a browser adds
 * cookies to the requests of foreign pages, too.
 */
export function carriersOf({ method, path, query, header }: Carrying): Carriers {
  const isFeed = FEEDS.includes(path)
  const authorization = header('authorization')
  const cookie = isFeed || READING.includes(method) ? header('cookie') : undefined
  if (!isFeed) return { authorization, cookie }
  const search = query()
  return {
    authorization,
    cookie,
    token: search.get('token') || search.get('access_token') || undefined,
    ticket: search.get('ticket') ?? undefined,
  }
}

/** Those of a request that came through Node's HTTP server. */
export function carriersIn({ req, env }: Context<ClientEnv>): Carriers {
  const { method, path } = req
  return carriersOf({
    method,
    path,
    // As it came: Hono has changed how some characters are written.
    query: () => searchOf(env.wire?.incoming.url ?? req.url),
    header: (name) => req.header(name),
  })
}
