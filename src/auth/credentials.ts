/** Where a request may carry a token, in the order in which they count. */
export interface Carriers {
  /** The header `Authorization`. */
  authorization: string | undefined
  /** The header `Cookie`; undefined where cookies do not count. */
  cookie: string | undefined
  /** Of the feed only: its query's `token`, or `access_token`. */
  token?: string | undefined
  /** Of the feed only: its query's `ticket`. */
  ticket?: string | undefined
}

export type Credentials =
  | { kind: 'none' }
  | { kind: 'token'; token: string; isBearer: boolean }
  | { kind: 'ticket'; ticket: string }

const COOKIE = 'flowfi_token'

/** The first credentials that are present. If they are bad, no others are tried. */
export function readCredentials(carriers: Carriers): Credentials {
  const bearer = bearerOf(carriers.authorization)
  if (bearer !== undefined) return { kind: 'token', token: bearer, isBearer: true }
  // An empty cookie is what some servers leave of one when its user logs out.
  const token = cookieOf(carriers.cookie) || carriers.token || ''
  if (token !== '') return { kind: 'token', token, isBearer: false }
  const { ticket = '' } = carriers
  return ticket === '' ? { kind: 'none' } : { kind: 'ticket', ticket }
}

/** Another scheme (Basic, say) is a proxy's matter, not ours. */
function bearerOf(header = ''): string | undefined {
  return /^bearer(?: +(.*))?$/i.exec(header.trim())?.map((part) => part ?? '')[1]
}

function cookieOf(header = ''): string | undefined {
  for (const pair of header.split(';')) {
    const [name = '', ...value] = pair.split('=')
    if (name.trim() === COOKIE)
      return value
        .join('=')
        .trim()
        .replace(/^"(.*)"$/, '$1')
  }
  return undefined
}
