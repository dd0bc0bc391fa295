import { Resolver } from 'node:dns/promises'
import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import type { LookupFunction } from 'node:net'
import { isPublicAddress } from '../../domain/public-address.ts'
import { Refusal, Unavailable } from './refusal.ts'
import { signingKeyIn } from './stellar-toml.ts'

/** Finds the public key (G…) of a domain that a client names. Throws Refusal or Unavailable. */
export type FindSigningKey = (domain: string) => Promise<string>

export interface FindOptions {
  resolve?: (host: string, signal: AbortSignal) => Promise<LookupAddress[]>
  isAllowed?: (address: string) => boolean
  port?: number
  /** Certificates to trust beside the usual ones. */
  ca?: string
}

/** SEP-1 allows no larger file. */
const MOST_BYTES = 100 * 1_024
const TIMEOUT_MS = 5_000
/** Each is a request to a server that a stranger chose. */
const MOST_AT_ONCE = 8
/** The largest value that a challenge can hold. */
const MOST_LETTERS = 64
/** At least two labels. The last begins with a letter, so it is no form of an IP address. */
const DOMAIN = /^(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+[a-z](?:[a-z\d-]{0,61}[a-z\d])?$/i

export function isDomainName(text: string): boolean {
  return text.length <= MOST_LETTERS && DOMAIN.test(text)
}

/**
 * Asks the domain itself, over https. The connection goes to an address that was checked: if the
 * name were resolved again, it could lead elsewhere a moment later.
 */
export function createFindSigningKey(options: FindOptions = {}): FindSigningKey {
  const { resolve = resolveAll, isAllowed = isPublicAddress, port = 443, ca } = options
  let underWay = 0

  /** Throws unless all are allowed. */
  async function addressesOf(domain: string, signal: AbortSignal): Promise<LookupAddress[]> {
    const addresses = await resolve(domain, signal)
    const isPublic = addresses.every(({ address }) => isAllowed(address))
    if (addresses.length === 0 || !isPublic) throw new Error('its address is not public')
    return addresses
  }

  async function download(domain: string, signal: AbortSignal): Promise<string> {
    const addresses = await addressesOf(domain, signal)
    const request = https.get({
      host: domain,
      port,
      path: '/.well-known/stellar.toml',
      lookup: lookupIn(addresses),
      agent: false,
      signal,
      headers: { 'user-agent': 'flowfi-indexer' },
      ...(ca !== undefined && { ca }),
    })
    // After the answer has begun, the answer has the same error.
    request.on('error', () => {})
    try {
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      if (response.statusCode !== 200) throw new Error(`it answered ${response.statusCode}`)
      return await readText(response)
    } finally {
      request.destroy()
    }
  }

  return async (domain) => {
    if (underWay >= MOST_AT_ONCE) {
      throw new Unavailable('too many values of client_domain are being looked up; try again later')
    }
    underWay += 1
    try {
      const key = signingKeyIn(await download(domain, AbortSignal.timeout(TIMEOUT_MS)))
      if (key === undefined) throw new Error('the file has no SIGNING_KEY')
      return key
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new Refusal(
        `client_domain: https://${domain}/.well-known/stellar.toml cannot be used (${reason})`,
        { cause },
      )
    } finally {
      underWay -= 1
    }
  }
}

/** Answers every name with addresses that are known already. */
function lookupIn(addresses: LookupAddress[]): LookupFunction {
  const [{ address, family } = { address: '', family: 0 }] = addresses
  return (_, { all }, callback) =>
    all ? callback(null, addresses) : callback(null, address, family)
}

/**
 * Asks the name servers. The system's own lookup knows more names, which are all private, and holds
 * a thread that compression needs, for as long as a name server does not answer.
 */
async function resolveAll(host: string, signal: AbortSignal): Promise<LookupAddress[]> {
  const resolver = new Resolver()
  const cancel = () => resolver.cancel()
  signal.addEventListener('abort', cancel)
  try {
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
    const addresses = answers.flatMap((answer, at) =>
      answer.status === 'fulfilled'
        ? answer.value.map((address) => ({ address, family: at === 0 ? 4 : 6 }))
        : [],
    )
    if (addresses.length === 0) throw new Error('the name has no address')
    return addresses
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
