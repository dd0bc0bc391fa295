import { BlockList } from 'node:net'
import { expect, test } from 'vitest'
import { createForwardedWatch } from '../../src/http/forwarded.ts'

const trusted = new BlockList()
trusted.addAddress('10.0.0.1', 'ipv4')

test('X-Forwarded-For from a peer that is not trusted is warned about once', () => {
  const warnings: unknown[] = []
  const watch = createForwardedWatch(trusted, { warn: (fields: unknown) => warnings.push(fields) })
  const from = (remoteAddress: string, forwardedFor?: string) =>
    watch({ remoteAddress, forwardedFor, forwardedUser: undefined })
  from('203.0.113.7')
  from('10.0.0.1', '198.51.100.1')
  from('::ffff:10.0.0.1', '198.51.100.1')
  expect(warnings).toEqual([])
  from('203.0.113.7', '198.51.100.1')
  from('203.0.113.8', '198.51.100.2')
  expect(warnings).toEqual([{ remoteAddress: '203.0.113.7' }])
})
