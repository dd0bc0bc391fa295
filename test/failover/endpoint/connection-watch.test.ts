import { describe, expect, test } from 'vitest'
import { createConnectionWatch } from '../../../src/failover/endpoint/connection-watch.ts'

function watching() {
  let time = 0
  let opened = 0
  const watch = createConnectionWatch(() => time)
  return {
    poll: () => watch.isDoubtful(opened),
    reconnect() {
      opened += 1
      return watch.isDoubtful(opened)
    },
    wait: (seconds: number) => void (time += seconds * 1_000),
  }
}

describe('new connections', () => {
  test('P3: each new connection puts the chain in doubt once', () => {
    const it = watching()
    expect([it.reconnect(), it.poll(), it.poll()]).toEqual([true, false, false])
    expect([it.reconnect(), it.poll()]).toEqual([true, false])
  })

  test('P3: a new connection at every poll costs a few checks, then one every five minutes', () => {
    const it = watching()
    let doubts = 0
    for (let poll = 0; poll < 720; poll += 1) {
      it.wait(5)
      if (it.reconnect()) doubts += 1
    }
    expect(doubts).toBeLessThanOrEqual(5 + 12)
    expect(doubts).toBeGreaterThanOrEqual(12)
  })

  test('P3: a check that had to wait is made later', () => {
    const it = watching()
    for (let n = 0; n < 6; n += 1) it.reconnect()
    expect(it.poll()).toBe(false)
    it.wait(300)
    expect([it.poll(), it.poll()]).toEqual([true, false])
  })
})
