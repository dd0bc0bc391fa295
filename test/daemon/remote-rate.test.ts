import { expect, test } from 'vitest'
import { createRemoteRate } from '../../src/daemon/remote-rate.ts'
import { createRateLimit } from '../../src/http/rate-limit.ts'

test('P8: a worker does not ask again about an address that is over its limit', async () => {
  let time = 0
  const count = createRateLimit(2, () => time)
  let asked = 0
  const takeRequest = createRemoteRate(
    async (address) => {
      asked += 1
      return count(address)
    },
    () => time,
  )
  const take = async (times: number) => {
    const rates = []
    for (let at = 0; at < times; at += 1) rates.push(await takeRequest('a', 'rest'))
    return rates.map((rate) => rate?.isOver)
  }
  expect(await take(5)).toEqual([false, false, true, true, true])
  expect(asked).toBe(3)
  time += 60_000
  expect(await take(1)).toEqual([false])
})
