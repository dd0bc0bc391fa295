import { expect, test } from 'vitest'
import { createRoom } from '../../src/http/room.ts'

function roomOf(most: number) {
  const clock = { time: 0 }
  const room = createRoom({ most, now: () => clock.time })
  const enter = (address: string) => {
    const isIn = room.isFor(address)
    if (isIn) room.enter(address)
    return isIn
  }
  return { clock, enter, leave: room.leave }
}

test('P8: one address has every place while nobody else asks', () => {
  const { enter, leave } = roomOf(3)
  expect([1, 2, 3, 4].map(() => enter('a'))).toEqual([true, true, true, false])
  leave('a')
  expect([enter('a'), enter('a')]).toEqual([true, false])
})

test('P8: an address that was refused gets the next place, and in the end an equal share', () => {
  const { enter, leave } = roomOf(4)
  for (let at = 0; at < 4; at += 1) enter('a')
  expect(enter('b')).toBe(false)
  leave('a')
  expect([enter('a'), enter('b'), enter('b')]).toEqual([false, true, false])
  leave('a')
  expect([enter('a'), enter('b'), enter('b')]).toEqual([false, true, false])
})

test('P8: an address that was refused is forgotten if it does not come back', () => {
  const { clock, enter, leave } = roomOf(2)
  expect([enter('a'), enter('a'), enter('b')]).toEqual([true, true, false])
  leave('a')
  expect(enter('a')).toBe(false)
  clock.time = 10_000
  expect(enter('a')).toBe(true)
})
