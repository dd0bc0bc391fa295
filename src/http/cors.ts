/** Which origins' scripts may use the API (`CORS_ORIGINS`), and the headers that tell browsers so. */

export type Headers = readonly (readonly [name: string, value: string])[]

/** The request of a script; without an `Origin` it is not one of another site. */
export interface Asking {
  origin: string | undefined
  host: string | undefined
  path: string
}

export interface Cors {
  /** The headers of the answer; undefined: the origin is refused. */
  headersFor(asking: Asking): Headers | undefined
  /** For an answer to bytes that are not a whole request. */
  readonly unread: Headers
}

/** What scripts may read, besides the headers that are always readable. */
const EXPOSED = ['ETag', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-Request-Id']
const EXPOSE = ['Access-Control-Expose-Headers', EXPOSED.join(',')] as const
const ANYONE: Headers = [['Access-Control-Allow-Origin', '*'], EXPOSE]
const VARY = ['Vary', 'Origin'] as const

/** SEP-1 and SEP-10 want them readable from any origin: wallets are other sites. */
const FOR_ANYONE = new Set(['/auth', '/.well-known/stellar.toml'])

/** `allowed`: origins, or `*` alone. */
export function createCors(allowed: readonly string[]): Cors {
  if (allowed.includes('*')) return { headersFor: () => ANYONE, unread: ANYONE }
  const listed = new Map(allowed.map((origin) => [origin, headersOf(origin)]))
  return {
    unread: [],
    headersFor({ origin, host, path }) {
      if (origin === undefined) return FOR_ANYONE.has(path) ? [...ANYONE, VARY] : [VARY]
      const own = listed.get(origin)
      if (own !== undefined) return own
      if (FOR_ANYONE.has(path)) return [...ANYONE, VARY]
      return isHost(origin, host) ? [VARY] : undefined
    },
  }
}

function headersOf(origin: string): Headers {
  return [
    ['Access-Control-Allow-Origin', origin],
    ['Access-Control-Allow-Credentials', 'true'],
    EXPOSE,
    VARY,
  ]
}

/** Our own pages. A proxy may have taken TLS off, so the scheme does not count. */
function isHost(origin: string, host: string | undefined): boolean {
  const { protocol, host: own } = URL.parse(origin) ?? {}
  if (host === undefined || own === undefined || own === '') return false
  return URL.parse(`${protocol}//${host}`)?.host === own
}
