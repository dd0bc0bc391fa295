import { describe, expect, test } from 'vitest'
import { createSlices } from '../../src/domain/slices.ts'
import { EVERYTHING } from '../../src/domain/filter.ts'
import { isCaughtUp } from '../support/feed/client.ts'
import { chainOf, logWith } from '../support/feed/log.ts'
import { eventually, useFeed } from '../support/feed/sockets.ts'
import { loadRecording } from '../support/recordings.ts'

const lively = chainOf(await loadRecording('lively'))

describe.concurrent('the goodbye', () => {
  test('after a shutdown nothing reads the log, in the middle of a replay neither', async (context) => {
    let time = 0
    const turns: (() => void)[] = []
    // Each turn takes one step.
    const now = () => (time += 10)
    const slices = createSlices({ now, defer: (turn) => turns.push(turn) })
    const { store } = logWith(lively, lively.events.length)
    const { feed, subscribe } = await useFeed(context, { store, slices })
    const filter = { ...EVERYTHING, types: ['stream.created'] }
    await subscribe({ filter, cursor: 'earliest' })
    await eventually(() => turns.length > 0)
    turns.shift()?.()
    await feed.close(0)
    store.close()
    while (turns.length > 0) turns.shift()?.()
  })

  test('a subscription at its maximum age gets a reconnect frame and a clean end', async (context) => {
    const { feed, subscribe } = await useFeed(context, { limits: { maxAgeMs: 400 } })
    const client = await (await subscribe()).until(({ ended }) => ended)
    expect(client.complete).toBe(true)
    expect(client.messages.at(-1)).toMatchObject({
      event: 'reconnect',
      data: { reason: 'max_age' },
      id: undefined,
    })
    expect(client.retries).toHaveLength(2)
    expect(feed.stats().activeConnections).toBe(0)
  })

  test('subscriptions of the same age end at different moments', async (context) => {
    let drawn = 0
    let time = 0
    const random = () => (drawn += 0.37) % 1
    const { feed, subscribe } = await useFeed(context, {
      limits: { maxAgeMs: 10_000 },
      random,
      now: () => time,
    })
    await Promise.all(Array.from({ length: 10 }, () => subscribe()))
    const left: number[] = []
    for (; feed.stats().activeConnections > 0; time += 250) {
      const before = feed.stats().activeConnections
      left.push(before)
      // After the youngest age, at least every second step ends a subscription.
      if (time % 500 === 0 && time >= 8_500) {
        await eventually(() => feed.stats().activeConnections < before)
      }
    }
    expect(time).toBeLessThanOrEqual(10_500)
    expect(new Set(left).size).toBeGreaterThan(3)
  })

  test('a shutdown ends every subscription cleanly, spread over the drain time', async (context) => {
    const pauses: number[] = []
    const open: number[] = []
    const sleep = (milliseconds: number) => {
      pauses.push(milliseconds)
      open.push(feed.stats().activeConnections)
      return Promise.resolve()
    }
    const { feed, subscribe } = await useFeed(context, { sleep })
    const clients = await Promise.all(Array.from({ length: 90 }, () => subscribe()))
    await Promise.all(clients.map((client) => client.until(isCaughtUp)))
    await feed.close(600)
    await Promise.all(clients.map((client) => client.until(({ ended }) => ended)))
    for (const client of clients) {
      expect(client.complete).toBe(true)
      expect(client.messages.at(-1)).toMatchObject({
        event: 'reconnect',
        data: { reason: 'shutdown' },
      })
    }
    expect(pauses.reduce((sum, each) => sum + each)).toBeLessThanOrEqual(600)
    expect(open).toEqual(Array.from({ length: 29 }, (_, step) => 90 - 3 * (step + 1)))
    expect(feed.refusal({ address: 'anyone', user: undefined }, 'now')).toBe('closing')
    expect(feed.stats().activeConnections).toBe(0)
  })

  test('the socket of a client that never reads is closed soon after the goodbye', async (context) => {
    const { log, store } = logWith(lively, 1)
    const { feed, subscribe } = await useFeed(context, { store, transport: 'pipe' })
    const client = await subscribe({ cursor: 'earliest' })
    client.socket.pause()
    log.rest()
    feed.wake()
    await eventually(() => feed.stats().stalled === 1)
    await feed.close(0)
    await eventually(() => client.served.destroyed)
  })
})
