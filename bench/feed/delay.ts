import { setTimeout as sleep } from 'node:timers/promises'
import { median, percentile, thousands } from '../table.ts'
import { rowOf, startFloor, using } from './row.ts'
import type { Bench } from './row.ts'
import { startClients, startOurs } from './served.ts'
import type { Clients, Served } from './served.ts'

/** How long an event takes to arrive, also beside clients that do not read. */

const ROUNDS = 15
const ROUND_MS = 1_000

/** Milliseconds from a commit to each arrival, one event a second. */
async function delays(server: Served, clients: Clients, count: number): Promise<number[]> {
  const all: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    await clients.mark()
    const began = performance.now()
    const { at } = await server.commit({ count: 1 })
    const { arrivals, messages } = await clients.received(count, 10_000)
    if (messages < count) throw new Error(`only ${messages} of ${count} arrived`)
    for (const arrival of arrivals) all.push(arrival - at)
    await sleep(Math.max(0, ROUND_MS - (performance.now() - began)))
  }
  return all
}

export const latency: Bench = async ({ folder, subscriptions: n }) => {
  const measure = async (server: Served, clients: Clients) => {
    await clients.open({ port: server.port, count: n, group: 'all' })
    return delays(server, clients, n)
  }
  const ours = await using(() => startOurs(folder), measure)
  const floor = await using(startFloor, measure)
  const figures = (waits: readonly number[]) =>
    [median(waits), percentile(waits, 0.99), percentile(waits, 1)]
      .map((ms) => ms.toFixed(0))
      .join(', ')
  return [
    rowOf({
      name: `commit to arrival, all ${thousands(n)}, one event a second, ms: median, p99, last of all`,
      ours: figures(ours),
      floor: figures(floor),
      ratio: (percentile(ours, 0.99) / percentile(floor, 0.99)).toFixed(2),
      target: 'p99 ≤ 250; last ≤ 1.5 × floor',
    }),
  ]
}

const FILL = 250
const MOST_FILLS = 200

export const unread: Bench = async ({ folder, subscriptions: n }) => {
  const still = Math.floor(n / 10)
  const healthy = n - still
  /** `fills`: how much the others get if they read. If undefined, they do not read until they stall. */
  const measure = (fills?: number) =>
    using(
      () => startOurs(folder),
      async (server, clients) => {
        const others = startClients()
        try {
          const { port } = server
          const path = '/events/subscribe?streams=1'
          await clients.open({ port, count: healthy, group: 'healthy', path })
          await others.open({ port, count: still, group: 'still' })
          const before = await server.rss()
          if (fills === undefined) await others.read('still', false)
          let stalled = 0
          let filled = 0
          while (filled < (fills ?? MOST_FILLS) && stalled < still) {
            filled += 1
            // Events of another stream, so that the healthy clients do not get them.
            await server.commit({ count: FILL, first: 2 })
            if (fills === undefined) await sleep(20)
            else await others.received(still * FILL * filled)
            stalled = fills === undefined ? (await server.stats()).stalled : 0
          }
          const each = ((await server.rss()) - before) / still / 1_024
          const waits = await delays(server, clients, healthy)
          return { p99: percentile(waits, 0.99), each, stalled, filled }
        } finally {
          await others.stop()
        }
      },
    )
  const beside = await measure()
  const without = await measure(beside.filled)
  return [
    rowOf({
      name: `commit to arrival for ${thousands(healthy)} while ${thousands(still)} never read, p99, ms (floor: they read too)`,
      ours: beside.p99.toFixed(0),
      floor: without.p99.toFixed(0),
      ratio: (beside.p99 / without.p99).toFixed(2),
      target: '≤ 1.2 ×',
    }),
    rowOf({
      name: `our memory for each client that never reads (${thousands(beside.stalled)} stalled), KiB (floor: they read the same events)`,
      ours: beside.each.toFixed(1),
      floor: without.each.toFixed(1),
      target: '≤ 64',
    }),
  ]
}
