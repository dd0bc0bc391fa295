/** Any origin. */
const ANY = '*'
/** What browsers send for pages from a file, and for some frames. */
const OPAQUE = 'null'

/** Origins as browsers send them, or what was expected. */
export function parseOrigins(text: string): string[] | string {
  const given = text.split(',').map((part) => part.trim())
  if (given.length === 1 && given[0] === ANY) return given
  const origins = given.map((origin) => (origin === OPAQUE ? origin : originOf(origin)))
  const legal = origins.filter((origin) => origin !== undefined)
  return legal.length === origins.length
    ? legal
    : '* alone, or origins of http: or https: such as https://app.example, or null, comma-separated'
}

function originOf(text: string): string | undefined {
  const { protocol, origin, href } = URL.parse(text) ?? {}
  const isPlain = origin !== undefined && href === `${origin}/`
  return isPlain && /^https?:$/.test(protocol ?? '') ? origin : undefined
}
