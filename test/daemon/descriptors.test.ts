import { PassThrough } from 'node:stream'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { warnOfFewDescriptors } from '../../src/daemon/descriptors.ts'

const limits = (
  soft: string,
) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             1                    1                    processes
Max open files            ${soft}                 4096                 files
`

function warning(maxSubscriptions: number, text?: string): string {
  const out = new PassThrough()
  warnOfFewDescriptors({ maxSubscriptions, logger: pino(out), limits: text })
  return String(out.read() ?? '')
}

test('P8: a limit of open files that is too low for all subscriptions is logged as a warning', () => {
  expect(warning(10_000, limits('1024'))).toMatch(
    /"limit":1024,"needed":10200,.*raise the limit .* or lower MAX_SUBSCRIPTIONS/,
  )
  expect(warning(1_000, limits('1024'))).toMatch(/"needed":1200/)
  expect(warning(1_000, limits('65536'))).toBe('')
  expect(warning(1_000_000, limits('unlimited'))).toBe('')
  expect(warning(1_000, 'nothing of the kind')).toBe('')
  // The limits of this system can be read.
  expect(warning(0)).toBe('')
})
