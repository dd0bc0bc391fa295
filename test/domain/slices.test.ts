import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { createSlices } from '../../src/domain/slices.ts'

/** Slices with their own clock: each step takes a millisecond, and `turn` runs the next turn. */
function setUp(turnMs = 4) {
  let time = 0
  const deferred: (() => void)[] = []
  const done: string[] = []
  const slices = createSlices({ turnMs, now: () => time, defer: (turn) => deferred.push(turn) })

  function* steps(name: string, count: number): Generator<void, string> {
    for (let step = 1; step <= count; step += 1) {
      time += 1
      done.push(name)
      if (step < count) yield
    }
    return name
  }

  return {
    slices,
    done,
    steps,
    /** The event loop's next round; false if nothing waits for it. */
    turn(): boolean {
      const turn = deferred.shift()
      turn?.()
      return turn !== undefined
    },
  }
}

describe('work in slices', () => {
  test('P8: short work is done at once, long work stops at the end of each turn', async () => {
    const { slices, done, steps, turn } = setUp()
    const short = slices.run('a', steps('short', 2))
    expect(done).toHaveLength(2)
    const long = slices.run('a', steps('long', 10))
    expect(done).toHaveLength(4)
    turn()
    expect(done).toHaveLength(8)
    turn()
    expect(done).toHaveLength(12)
    expect(await Promise.all([short, long])).toEqual(['short', 'long'])
  })

  test('P8: a hurried turn takes one step, and only the next turn is hurried', () => {
    const { slices, done, steps, turn } = setUp()
    void slices.run('a', steps('long', 20))
    slices.hurry()
    turn()
    expect(done).toHaveLength(5)
    turn()
    expect(done).toHaveLength(9)
  })

  test('P8: many short pieces of work do not make a turn longer', () => {
    const { slices, done, steps, turn } = setUp()
    for (let piece = 0; piece < 100; piece += 1) void slices.run(`${piece}`, steps('x', 1))
    expect(done).toHaveLength(4)
    turn()
    expect(done).toHaveLength(8)
  })

  test('P8: each key gets the same share, however much it asks for', () => {
    const { slices, done, steps, turn } = setUp()
    for (let piece = 0; piece < 50; piece += 1) void slices.run('greedy', steps('greedy', 100))
    void slices.run('modest', steps('modest', 3))
    for (let round = 0; round < 2; round += 1) turn()
    expect(done.slice(4, 10).filter((name) => name === 'modest')).toHaveLength(3)
  })

  test('several pieces of work of one key take turns too', () => {
    const { slices, done, steps, turn } = setUp(2)
    void slices.run('a', steps('first', 6))
    void slices.run('a', steps('second', 2))
    turn()
    turn()
    expect(done.filter((name) => name === 'second')).toHaveLength(2)
  })

  test('work whose signal aborts is skipped, and releases what it holds', async () => {
    const { slices, done, steps, turn } = setUp(1)
    let released = false
    function* holding(): Generator<void, string> {
      try {
        return yield* steps('held', 100)
      } finally {
        released = true
      }
    }
    const leaving = new AbortController()
    const held = slices.run('a', holding(), leaving.signal)
    turn()
    leaving.abort(new Error('the client is gone'))
    await expect(held).rejects.toThrow('the client is gone')
    expect(released).toBe(true)
    expect(slices.waiting('a')).toBe(0)
    while (turn());
    expect(done).toHaveLength(2)
    await expect(slices.run('a', holding(), leaving.signal)).rejects.toThrow('the client is gone')
  })

  test('an error rejects only its own work', async () => {
    const { slices, steps, turn } = setUp()
    function* broken(): Generator<void, string> {
      yield
      throw new Error('broken')
    }
    const [bad, good] = [slices.run('a', broken()), slices.run('b', steps('good', 9))]
    await expect(bad).rejects.toThrow('broken')
    while (turn());
    expect(await good).toBe('good')
  })

  property.prop([
    fc.array(
      fc.record({ key: fc.constantFrom('a', 'b', 'c'), steps: fc.integer({ min: 1, max: 30 }) }),
    ),
  ])('all work is done, step by step, and then nothing waits', async (jobs) => {
    const { slices, done, steps, turn } = setUp()
    const results = jobs.map(({ key, steps: count }, at) => slices.run(key, steps(`${at}`, count)))
    while (turn());
    expect(await Promise.all(results)).toEqual(jobs.map((_, at) => `${at}`))
    expect(done).toHaveLength(jobs.reduce((sum, job) => sum + job.steps, 0))
    expect(['a', 'b', 'c'].map(slices.waiting)).toEqual([0, 0, 0])
  })
})
