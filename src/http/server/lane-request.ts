import type { Carriers } from '../../auth/credentials.ts'
import { carriersOf } from '../carriers.ts'
import { queryRecord } from '../parameters.ts'
import { SUBSCRIBE_PATH } from '../subscribe/request.ts'
import { V1 } from '../v1-path.ts'

/** A plain request for the feed, as the lean lane reads it from the first bytes of a connection. */
export interface LaneRequest {
  /** As routes know it. */
  path: string
  carriers: Carriers
  parameters: Record<string, string | string[]>
  lastEventId: string | undefined
  forwardedFor: string | undefined
  forwardedUser: string | undefined
  requestId: string | undefined
  origin: string | undefined
  host: string | undefined
}

const MOST_BYTES = 8_192
const MOST_HEADERS = 64
const REQUEST_LINE =
  /^GET ((?:(?:\/api)?(?:\/v1){1,2})?)\/events\/subscribe(?:\?([\w\-.~!$&'()*+,;=:@%/?]*))? HTTP\/1\.1$/
const HEADER =
  /^([!#$%&'*+\-.^_`|~\dA-Za-z]+):[ \t]*((?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?)[ \t]*$/
/** Headers that announce a body or ask for more than a plain answer. */
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
  // A head ends with an empty line, and nothing may follow it yet.
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
  if (!isPlainHost(headers.get('host'))) return undefined
  const connection = headers.get('connection')?.toLowerCase() ?? 'keep-alive'
  if (connection !== 'keep-alive' && connection !== 'close') return undefined
  const [, prefix = '', query = ''] = asked
  const path = prefix === '' ? SUBSCRIBE_PATH : V1 + SUBSCRIBE_PATH
  const search = new URLSearchParams(query)
  return {
    path,
    carriers: carriersOf({
      method: 'GET',
      path,
      query: () => search,
      header: (name) => headers.get(name),
    }),
    parameters: queryRecord(search),
    lastEventId: headers.get('last-event-id'),
    forwardedFor: headers.get('x-forwarded-for'),
    forwardedUser: headers.get('x-forwarded-user'),
    requestId: headers.get('x-request-id'),
    origin: headers.get('origin'),
    host: headers.get('host'),
  }
}

/** Whether the HTTP server would accept this host as it is written. */
function isPlainHost(host: string | undefined): boolean {
  if (host === undefined || host === '') return host === ''
  return URL.parse(`http://${host}`)?.hostname === host.replace(/:\d+$/, '')
}
