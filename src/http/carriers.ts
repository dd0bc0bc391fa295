import type { Carriers } from '../auth/credentials.ts'
import { searchOf } from './parameters.ts'

/** What of a request can carry a token. */
interface Carrying {
  method: string
  path: string
  /** The path with its query, as it came. */
  target: string
  header(name: 'authorization' | 'cookie'): string | undefined
}

const READING = ['GET', 'HEAD']
/** Also under the prefixes of FlowFi's own API. */
const FEED = /(^|\/v1)\/events\/subscribe$/

/**
 * Where a request may carry a token. The feed takes it in the query too, because a browser's
 * EventSource cannot send headers. A route that changes something takes no cookie: a browser adds
 * cookies to the requests of foreign pages, too.
 */
export function carriersOf({ method, path, target, header }: Carrying): Carriers {
  const isFeed = FEED.test(path)
  const authorization = header('authorization')
  const cookie = isFeed || READING.includes(method) ? header('cookie') : undefined
  if (!isFeed) return { authorization, cookie }
  const search = searchOf(target)
  return {
    authorization,
    cookie,
    token: search.get('token') || search.get('access_token') || undefined,
    ticket: search.get('ticket') ?? undefined,
  }
}
