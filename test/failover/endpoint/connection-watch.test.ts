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

describe('P3: new connections', () => {
  test('put the chain in doubt, once each', () => {
    const it = watching()
    expect([it.reconnect(), it.poll(), it.poll()]).toEqual([true, false, false])
    expect([it.reconnect(), it.poll()]).toEqual([true, false])
  })

  test('at every poll cost a few checks, and then one every five minutes', () => {
    const it = watching()
    let doubts = 0
    for (let poll = 0; poll < 720; poll += 1) {
      it.wait(5)
      if (it.reconnect()) doubts += 1
    }
    expect(doubts).toBeLessThanOrEqual(5 + 12)
    expect(doubts).toBeGreaterThanOrEqual(12)
  })

  test('that had to wait for their check get it later', () => {
    const it = watching()
    for (let n = 0; n < 6; n += 1) it.reconnect()
    expect(it.poll()).toBe(false)
    it.wait(300)
    expect([it.poll(), it.poll()]).toEqual([true, false])
  })
})
