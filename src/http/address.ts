import { BlockList, isIP } from 'node:net'
import type { IncomingMessage } from 'node:http'

/**
 * Whose connection a request is. Behind proxies that are trusted it is the last address in
 * `X-Forwarded-For` that none of them is; what an untrusted peer says there is its own business.
 */
export function createAddressOf(trusted: BlockList): (request: IncomingMessage) => string {
  return (request) => {
    let address = plain(request.socket.remoteAddress ?? 'unknown')
    const forwarded = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',')
    while (isTrusted(address)) {
      const next = forwarded.pop()?.trim()
      if (next === undefined || isIP(plain(next)) === 0) break
      address = plain(next)
    }
    return address
  }

  function isTrusted(address: string): boolean {
    const family = isIP(address)
    return family !== 0 && trusted.check(address, family === 4 ? 'ipv4' : 'ipv6')
  }
}

/** IPv4 inside IPv6 is one host, not two. */
function plain(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address
}
