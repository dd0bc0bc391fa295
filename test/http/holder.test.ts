import { BlockList } from 'node:net'
import { beforeEach, describe, expect, test } from 'vitest'
import { createHolderOf } from '../../src/http/holder.ts'
import type { HolderOf } from '../../src/http/holder.ts'

const trusted = new BlockList()
trusted.addSubnet('10.0.0.0', 8, 'ipv4')
trusted.addAddress('2001:db8::1', 'ipv6')
const warnings: unknown[] = []
let holderOf: HolderOf

beforeEach(() => {
  warnings.length = 0
  holderOf = createHolderOf(trusted, { warn: (fields: unknown) => warnings.push(fields) })
})

const from = (remoteAddress: string, forwardedFor?: string, forwardedUser?: string) =>
  holderOf({ remoteAddress, forwardedFor, forwardedUser })

describe('the address that a request counts against', () => {
  test.for([
    ['the peer', '203.0.113.7', undefined, '203.0.113.7'],
    ['the peer, whatever an untrusted peer says', '203.0.113.7', '198.51.100.1', '203.0.113.7'],
    ['what a trusted proxy says', '10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['the last that is no proxy', '10.0.0.1', '1.1.1.1, 198.51.100.1 ,10.9.9.9', '198.51.100.1'],
    ['the proxy, if it says nothing', '10.0.0.1', undefined, '10.0.0.1'],
    ['the proxy, if it says something else', '10.0.0.1', 'somebody', '10.0.0.1'],
    ['an IPv4 address written as IPv6', '::ffff:203.0.113.7', undefined, '203.0.113.7'],
    [
      'what a trusted proxy written as IPv6 says',
      '::ffff:10.0.0.1',
      '198.51.100.1',
      '198.51.100.1',
    ],
    ['what a trusted IPv6 proxy says', '2001:db8::1', '198.51.100.1', '198.51.100.1'],
  ] as const)('is %s', ([, remote, forwarded, address]) => {
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
  ] as const)('is the /64 network of the IPv6 address %s', ([address, network]) => {
    expect(from(address).address).toBe(network)
  })
})

test('only a trusted proxy can name the user of a request', () => {
  expect(from('10.0.0.1', '198.51.100.1', 'alice').user).toBe('alice')
  expect(from('10.0.0.1', '198.51.100.1', '').user).toBeUndefined()
  expect(from('10.0.0.1').user).toBeUndefined()
  expect(from('203.0.113.7', undefined, 'alice').user).toBeUndefined()
})

test('X-Forwarded-For from an untrusted peer is logged as a warning once', () => {
  from('203.0.113.7')
  from('10.0.0.1', '198.51.100.1')
  from('::ffff:10.0.0.1', '198.51.100.1')
  expect(warnings).toEqual([])
  from('203.0.113.7', '198.51.100.1')
  from('203.0.113.8', '198.51.100.2')
  expect(warnings).toEqual([{ remoteAddress: '203.0.113.7' }])
})
