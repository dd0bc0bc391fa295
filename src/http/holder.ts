import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { BlockList } from 'node:net'
import type { Holder } from '../feed/admission.ts'

/** What a request tells of where it comes from; a header given several times as one, with commas. */
export interface Origin {
  remoteAddress: string | undefined
  forwardedFor?: string | undefined
  forwardedUser?: string | undefined
}

/** Where a request of the HTTP server comes from. */
export function originOf({ socket, headers }: IncomingMessage): Origin {
  return {
    remoteAddress: socket.remoteAddress,
    forwardedFor: joined(headers['x-forwarded-for']),
    forwardedUser: joined(headers['x-forwarded-user']),
  }
}

function joined(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}

/**
 * Which host a connection comes from, before it has said anything: an IPv4 address or an IPv6
 * network. Undefined for a trusted proxy, which speaks for many.
 */
export function createHostOf(trusted: BlockList): (remoteAddress: string) => string | undefined {
  return (remoteAddress) => {
    const address = plain(remoteAddress)
    return isIn(trusted, address) ? undefined : hostOf(address)
  }
}

/**
 * Whose connection a request is. Behind proxies that are trusted the address is the last one in
 * `X-Forwarded-For` that is none of theirs, and the user whom they say it is in `X-Forwarded-User`;
 * what an untrusted peer says there is its own business. Of an IPv6 address its network counts:
 * one host has 2^64 of them.
 */
export function createHolderOf(trusted: BlockList): (origin: Origin) => Holder {
  return ({ remoteAddress = 'unknown', forwardedFor = '', forwardedUser }) => {
    let address = plain(remoteAddress)
    const user = isIn(trusted, address) && forwardedUser !== '' ? forwardedUser : undefined
    const forwarded = forwardedFor === '' ? [] : forwardedFor.split(',')
    while (isIn(trusted, address)) {
      const next = forwarded.pop()?.trim()
      if (next === undefined || isIP(plain(next)) === 0) break
      address = plain(next)
    }
    return { address: hostOf(address), user }
  }
}

function isIn(trusted: BlockList, address: string): boolean {
  const family = isIP(address)
  return family !== 0 && trusted.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

function hostOf(address: string): string {
  return isIP(address) === 6 ? networkOf(address) : address
}

/** IPv4 inside IPv6 is one host, not two. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

/** The first 64 bits of an IPv6 address, in one way of writing. */
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
