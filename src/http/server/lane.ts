/**
 * A lane for subscriptions on the bare socket: what Node's HTTP server keeps for a connection is
 * several times what a subscription needs. It takes only what is a plain, whole request for the
 * feed in the first bytes of a connection; everything else, and everything unusual, is the HTTP
 * server's. So nothing is decided here that the server would decide otherwise, and nothing is
 * refused here at all.
 */
export interface LaneRequest {
  search: URLSearchParams
  lastEventId: string | undefined
  forwardedFor: string | undefined
  forwardedUser: string | undefined
}

const MOST_BYTES = 8_192
const MOST_HEADERS = 64
const REQUEST_LINE = /^GET \/events\/subscribe(?:\?([\w\-.~!$&'()*+,;=:@%/?]*))? HTTP\/1\.1$/
const HEADER =
  /^([!#$%&'*+\-.^_`|~\dA-Za-z]+):[ \t]*((?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?)[ \t]*$/
/** Headers that ask for more than an answer, or give a body. */
const UNUSUAL = new Set([
  'content-length',
  'transfer-encoding',
  'upgrade',
  'expect',
  'trailer',
  'te',
  'proxy-connection',
  'http2-settings',
])

/** The request, if these bytes are one that the lane takes. */
export function parseLaneRequest(bytes: Buffer): LaneRequest | undefined {
  if (bytes.length > MOST_BYTES) return undefined
  const lines = bytes.toString('latin1').split('\r\n')
  // A head ends with an empty line, behind which nothing may follow yet.
  if (lines.length < 3 || lines.pop() !== '' || lines.pop() !== '') return undefined
  const asked = REQUEST_LINE.exec(lines.shift() ?? '')
  if (asked === null || lines.length > MOST_HEADERS) return undefined
  const headers = new Map<string, string>()
  for (const line of lines) {
    const [, name = '', value = ''] = HEADER.exec(line) ?? []
    const key = name.toLowerCase()
    if (key === '' || headers.has(key) || UNUSUAL.has(key)) return undefined
    headers.set(key, value)
  }
  if (!headers.has('host')) return undefined
  const connection = headers.get('connection')?.toLowerCase() ?? 'keep-alive'
  if (connection !== 'keep-alive' && connection !== 'close') return undefined
  return {
    search: new URLSearchParams(asked[1]),
    lastEventId: headers.get('last-event-id'),
    forwardedFor: headers.get('x-forwarded-for'),
    forwardedUser: headers.get('x-forwarded-user'),
  }
}
