import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { BlockList } from 'node:net'
import type { Logger } from 'pino'
import type { Holder } from '../feed/admission.ts'

/** What a request says about where it comes from. A repeated header is one text with commas. */
export interface Origin {
  remoteAddress: string | undefined
  forwardedFor?: string | undefined
  forwardedUser?: string | undefined
  requestId?: string | undefined
}

/** The origin of a request that came through Node's HTTP server. */
export function originOf({ socket, headers }: IncomingMessage): Origin {
  return {
    remoteAddress: socket.remoteAddress,
    forwardedFor: joined(headers['x-forwarded-for']),
    forwardedUser: joined(headers['x-forwarded-user']),
    requestId: joined(headers['x-request-id']),
  }
}

function joined(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}

/**
 * The host that a connection comes from, before it has sent anything: an IPv4 address or an IPv6
 * network. Undefined for a trusted proxy, because it speaks for many hosts.
 */
export type HostOf = (remoteAddress: string) => string | undefined

export function createHostOf(trusted: BlockList): HostOf {
  return (remoteAddress) => {
    const address = withoutMapping(remoteAddress)
    return isIn(trusted, address) ? undefined : hostOf(address)
  }
}

/**
 * Whose limits a request counts against. Behind trusted proxies the address is the last one in
 * `X-Forwarded-For` that is not a trusted proxy, and the user is the value of `X-Forwarded-User`.
 * From other peers both headers are ignored: anyone can send them. An IPv6 host counts as its /64
 * network, because one host has 2^64 addresses in it.
 */
export type HolderOf = (origin: Origin) => Holder

export function createHolderOf(trusted: BlockList, log: Pick<Logger, 'warn'>): HolderOf {
  let warned = false

  /** Either a proxy is missing in TRUST_PROXY and all its clients share one address, or a client made it up. */
  function warnOnce(remoteAddress: string): void {
    if (warned) return
    warned = true
    log.warn(
      { remoteAddress },
      'X-Forwarded-For ignored: if this is your proxy, add it to TRUST_PROXY',
    )
  }

  return ({ remoteAddress = 'unknown', forwardedFor = '', forwardedUser }) => {
    let address = withoutMapping(remoteAddress)
    if (!isIn(trusted, address)) {
      if (forwardedFor !== '') warnOnce(remoteAddress)
      return { address: hostOf(address), user: undefined }
    }
    const forwarded = forwardedFor.split(',')
    while (isIn(trusted, address)) {
      const previous = withoutMapping(forwarded.pop()?.trim() ?? '')
      if (isIP(previous) === 0) break
      address = previous
    }
    return { address: hostOf(address), user: forwardedUser === '' ? undefined : forwardedUser }
  }
}

/** Whether what the peer says about a request is believed. */
export function isTrusted(trusted: BlockList, remoteAddress: string): boolean {
  return isIn(trusted, withoutMapping(remoteAddress))
}

function isIn(trusted: BlockList, address: string): boolean {
  const family = isIP(address)
  return family !== 0 && trusted.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/** How the host of an address is written in a holder. */
export function hostOf(address: string): string {
  return isIP(address) === 6 ? networkOf(address) : address
}

/** An IPv4 address that is written as IPv6 (`::ffff:192.0.2.1`) is the same host. */
function withoutMapping(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

/** The first 64 bits of an IPv6 address, always written the same way. */
function networkOf(address: string): string {
  const [before = '', after] = (address.split('%')[0] ?? '').split('::')
  const head = before === '' ? [] : before.split(':')
  const tail = after === undefined || after === '' ? [] : after.split(':')
  // An IPv4 address at the end stands for two groups.
  const written = head.length + tail.length + (address.includes('.') ? 1 : 0)
  const zeros = after === undefined ? 0 : Math.max(0, 8 - written)
  const groups = [...head, ...Array.from({ length: zeros }, () => '0'), ...tail].slice(0, 4)
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}
