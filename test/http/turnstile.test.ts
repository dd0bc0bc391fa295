import { describe, expect, test } from 'vitest'
import { createTurnstile } from '../../src/http/server/turnstile.ts'

/** A turnstile whose turns and time the test decides; each piece of work takes a millisecond. */
function setUp() {
  let time = 0
  let turns: (() => void)[] = []
  const done: string[] = []
  const turnstile = createTurnstile({
    turnMs: 4,
    now: () => time,
    defer: (turn) => turns.push(turn),
  })
  return {
    done,
    accepted: turnstile.accepted,
    pass(ms: number) {
      time += ms
    },
    enter: (key: string) =>
      turnstile.enter(key, () => {
        time += 1
        done.push(key)
      }),
    turn() {
      const due = turns
      turns = []
      for (const each of due) each()
    },
    isIdle: () => turns.length === 0,
  }
}

describe('a turnstile', () => {
  test('lets requests pass at once while a turn of the event loop is short', () => {
    const { enter, done, turn, isIdle } = setUp()
    for (let count = 0; count < 3; count += 1) enter('a')
    expect(done).toHaveLength(3)
    turn()
    expect(isIdle()).toBe(true)
  })

  test('P8: lets the rest wait for later turns, a few in each', () => {
    const { enter, done, turn } = setUp()
    for (let count = 0; count < 20; count += 1) enter('a')
    const passed: number[] = []
    while (done.length < 20) {
      passed.push(done.length)
      turn()
    }
    expect(passed).toEqual([4, 8, 12, 16])
  })

  test('P8: in each turn every address gets the same', () => {
    const { enter, done, turn } = setUp()
    for (let count = 0; count < 100; count += 1) enter('a')
    enter('b')
    enter('c')
    turn()
    expect(done.slice(4)).toEqual(['a', 'b', 'c', 'a'])
  })

  test('P8: requests wait while connections come in every turn, but not for long', () => {
    const { enter, accepted, pass, done, turn } = setUp()
    for (let count = 0; count < 10; count += 1) {
      accepted()
      enter('a')
      turn()
    }
    expect(done).toHaveLength(0)
    pass(50)
    accepted()
    turn()
    expect(done).toHaveLength(4)
  })

  test('after the last connection requests pass from the next turn on', () => {
    const { enter, accepted, done, turn } = setUp()
    accepted()
    enter('a')
    turn()
    expect(done).toHaveLength(0)
    turn()
    expect(done).toHaveLength(1)
    enter('a')
    expect(done).toHaveLength(2)
  })

  test('loses nothing that comes while others wait', () => {
    const { enter, done, turn, isIdle } = setUp()
    for (let count = 0; count < 10; count += 1) enter('a')
    turn()
    for (let count = 0; count < 5; count += 1) enter('b')
    while (!isIdle()) turn()
    expect(done.toSorted().join('')).toBe('aaaaaaaaaabbbbb')
  })
})
