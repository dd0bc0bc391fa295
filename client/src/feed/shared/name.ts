import type { FeedOptions } from '../options.ts'
import type { SharedRequest } from './hub.ts'

/** Tabs of another version of this package may say other things. */
const PROTOCOL = 1

/** What is asked for, without what only one tab can have. */
export function requestOf({ url, all, streams, users, types }: FeedOptions): SharedRequest {
  const request = { url, all, streams, users, types }
  return JSON.parse(JSON.stringify(request)) as SharedRequest
}

/** Tabs share a hub if they ask for the same, as the same user. */
export function hubName(
  { url, all, streams, users, types }: SharedRequest,
  token?: string,
): string {
  const lists = [streams, users, types].map((list) => [...(list ?? [])].sort())
  return `flowfi ${PROTOCOL} ${JSON.stringify([url, all ?? false, ...lists, userOf(token)])}`
}

/** The subject of a JWT. A name of a lock is no place for a token, so others become a number. */
function userOf(token: string | undefined): string {
  if (token === undefined) return ''
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
    const { sub, scope = '' } = JSON.parse(atob(payload)) as { sub?: string; scope?: string }
    if (typeof sub === 'string') return `${sub} ${scope}`
  } catch {
    // It is not a JWT.
  }
  let hash = 0
  for (const letter of token) hash = (Math.imul(hash, 31) + (letter.codePointAt(0) ?? 0)) | 0
  return String(hash)
}
