import createClient from 'openapi-fetch'
import type { Client } from 'openapi-fetch'
import { authorised } from './authorised.ts'
import type { Token } from './authorised.ts'
import type { paths } from './openapi.ts'

/**
 * REST, typed by the OpenAPI document of the daemon.
 *
 * - `openapi.ts`    generated types: `npm run client:types`
 * - `shapes.ts`     short names for the shapes in answers
 * - `authorised.ts` the token of a request, and another one after a 401
 */

export interface ApiOptions {
  /** The daemon's origin. */
  url: string
  /** A function is asked for each request, and once more after a 401. */
  token?: Token | undefined
}

/** Answers and refusals. CSV and NDJSON are for downloads. */
type Media = 'application/json' | 'application/problem+json'

/** `api.GET('/streams/{id}', { params: { path: { id: '7' } } })` gives `{ data, error, response }`. */
export type Api = Client<paths, Media>

export function createApi({ url, token }: ApiOptions): Api {
  return createClient<paths, Media>({ baseUrl: url, fetch: authorised(token) })
}
