import { isIP } from 'node:net'
import type { BlockList } from 'node:net'
import type { Logger } from 'pino'
import type { Origin } from './holder.ts'

/**
 * Warns once when `X-Forwarded-For` comes from a peer that is not trusted. It is ignored then: either
 * a proxy is missing in TRUST_PROXY, and all its clients share one address, or a client made it up.
 */
export function createForwardedWatch(
  trusted: BlockList,
  log: Pick<Logger, 'warn'>,
): (origin: Origin) => void {
  let warned = false
  return ({ remoteAddress = '', forwardedFor = '' }) => {
    if (warned || forwardedFor === '' || isTrusted(remoteAddress)) return
    warned = true
    log.warn(
      { remoteAddress },
      'X-Forwarded-For ignored: if this is your proxy, add it to TRUST_PROXY',
    )
  }

  function isTrusted(address: string): boolean {
    const family = isIP(address)
    return family !== 0 && trusted.check(address, family === 4 ? 'ipv4' : 'ipv6')
  }
}
