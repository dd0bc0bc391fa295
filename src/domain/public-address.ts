import { BlockList, isIP } from 'node:net'

/**
 * Which addresses belong to somebody on the internet. Requests to a host that a client names may go
 * to these alone: what else the daemon can reach (its own machine, a private network, a cloud's
 * metadata server) is not for strangers.
 */

const RESERVED = new BlockList()
for (const range of [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]) {
  addRange(RESERVED, range, 'ipv4')
}
// Of the public IPv6 addresses: protocols, examples, and tunnels that lead to any IPv4 address.
for (const range of ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']) {
  addRange(RESERVED, range, 'ipv6')
}

/** All public IPv6 addresses are in here; loopback, private and mapped IPv4 addresses are not. */
const GLOBAL_IPV6 = new BlockList()
addRange(GLOBAL_IPV6, '2000::/3', 'ipv6')

function addRange(list: BlockList, range: string, family: 'ipv4' | 'ipv6'): void {
  const [network = '', bits] = range.split('/')
  list.addSubnet(network, Number(bits), family)
}

export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !RESERVED.check(address, 'ipv4')
  if (family !== 6 || address.includes('%')) return false
  return GLOBAL_IPV6.check(address, 'ipv6') && !RESERVED.check(address, 'ipv6')
}
