import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { createSliced } from '../../src/http/sliced.ts'
import { createRouter, json } from '../../src/http/router.ts'
import { createSlices } from '../../src/domain/slices.ts'
import { until } from '../support/until.ts'

/** A route whose work takes this many steps; `turn` runs the next turn. */
function setUp(steps: number) {
  const deferred: (() => void)[] = []
  let time = 0
  const slices = createSlices({
    turnMs: 1,
    now: () => (time += 1),
    defer: (turn) => deferred.push(turn),
  })
  let released = 0
  let underWay = 0
  let mostUnderWay = 0
  function* work(): Generator<void, Response> {
    underWay += 1
    mostUnderWay = Math.max(mostUnderWay, underWay)
    try {
      for (let step = 1; step < steps; step += 1) yield
      return json({ data: 'done' })
    } finally {
      released += 1
      underWay -= 1
    }
  }
  const sliced = createSliced(slices)
  const app = createRouter()
  app.get('/long', (c) => sliced(c, work()))
  return {
    slices,
    released: () => released,
    mostUnderWay: () => mostUnderWay,
    ask: async (address: string, exchange = new EventEmitter()) =>
      app.request('/long', undefined, { holder: { address, user: undefined }, exchange }),
    turn: () => deferred.shift()?.(),
    isIdle: () => deferred.length === 0,
  }
}

test('P8: an address with too many long requests gets 429; others are answered', async () => {
  const { slices, ask, turn, isIdle } = setUp(20)
  const many = Array.from({ length: 40 }, () => ask('greedy'))
  await until(() => slices.waiting('greedy') > 0)
  const modest = ask('modest')
  await until(() => slices.waiting('modest') === 1)
  while (!isIdle()) turn()
  expect((await modest).status).toBe(200)
  const answers = await Promise.all(many)
  const refused = answers.filter(({ status }) => status === 429)
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(16)
  expect(refused).toHaveLength(24)
  expect(refused[0]?.headers.get('retry-after')).toBe('1')
  expect(await refused[0]?.json()).toMatchObject({
    detail: expect.stringContaining('16 long requests') as string,
  })
})

test('P8: of one address two pieces of work are under way, so that it cannot hold all snapshots', async () => {
  const { ask, turn, isIdle, slices, mostUnderWay } = setUp(20)
  const many = Array.from({ length: 16 }, () => ask('greedy'))
  await until(() => slices.waiting('greedy') === 16)
  while (!isIdle()) turn()
  for (const { status } of await Promise.all(many)) expect(status).toBe(200)
  expect(mostUnderWay()).toBe(2)
})

test('P8: work stops when its client leaves', async () => {
  const { slices, ask, released } = setUp(1_000)
  const exchange = new EventEmitter()
  const leaving = ask('a', exchange)
  await until(() => slices.waiting('a') === 1)
  exchange.emit('close')
  await leaving
  expect(slices.waiting('a')).toBe(0)
  expect(released()).toBe(1)
  expect(exchange.listenerCount('close')).toBe(0)
})
