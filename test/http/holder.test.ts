import { BlockList } from 'node:net'
import { describe, expect, test } from 'vitest'
import { createHolderOf } from '../../src/http/holder.ts'

const trusted = new BlockList()
trusted.addSubnet('10.0.0.0', 8, 'ipv4')
trusted.addAddress('2001:db8::1', 'ipv6')
const holderOf = createHolderOf(trusted)
const from = (remoteAddress: string, forwardedFor?: string, forwardedUser?: string) =>
  holderOf({ remoteAddress, forwardedFor, forwardedUser })

describe('whose connection it is', () => {
  test.for([
    ['its own', '203.0.113.7', undefined, '203.0.113.7'],
    ['its own, whatever an untrusted peer says', '203.0.113.7', '198.51.100.1', '203.0.113.7'],
    ['what a trusted proxy says', '10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['the last that is no proxy', '10.0.0.1', '1.1.1.1, 198.51.100.1 ,10.9.9.9', '198.51.100.1'],
    ['the proxy’s, where it says nothing', '10.0.0.1', undefined, '10.0.0.1'],
    ['the proxy’s, where it says no address', '10.0.0.1', 'somebody', '10.0.0.1'],
    ['IPv4 in IPv6', '::ffff:203.0.113.7', undefined, '203.0.113.7'],
    ['a trusted proxy in IPv4 in IPv6', '::ffff:10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['a trusted IPv6 proxy', '2001:db8::1', '198.51.100.1', '198.51.100.1'],
  ] as const)('%s', ([, remote, forwarded, address]) => {
    expect(from(remote, forwarded).address).toBe(address)
  })

  test.for([
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::5', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['2001:db8:1::2:3:4', '2001:db8:1:0::/64'],
  ] as const)('of IPv6 its network: %s', ([address, network]) => {
    expect(from(address).address).toBe(network)
  })

  test('a user is whom a trusted proxy names, and nobody else', () => {
    expect(from('10.0.0.1', '198.51.100.1', 'alice').user).toBe('alice')
    expect(from('10.0.0.1', '198.51.100.1', '').user).toBeUndefined()
    expect(from('10.0.0.1').user).toBeUndefined()
    expect(from('203.0.113.7', undefined, 'alice').user).toBeUndefined()
  })
})
