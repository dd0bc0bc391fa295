import { setTimeout as sleep } from 'node:timers/promises'
import { median, percentile, thousands } from '../table.ts'
import { rowOf, startFloor, using } from './row.ts'
import type { Bench } from './row.ts'
import { EVERYTHING, startClients, startOurs } from './served.ts'
import type { Clients, Served } from './served.ts'
import { createSent } from './tally.ts'

/** Clients that come back: ten thousand at once that missed little, and one that missed everything. */

const MISSED = 100
const WATCHERS = 100

export const storm: Bench = async ({ folder, subscriptions: n }) => {
  const floor = await using(startFloor, async ({ port }, clients) => {
    await clients.mark(MISSED)
    const began = performance.now()
    const path = `${EVERYTHING}&missing=${MISSED}`
    const opened = clients.open({ port, count: n, group: 'all', path, atOnce: true })
    await clients.untilComplete(n)
    const seconds = (performance.now() - began) / 1_000
    await opened
    return seconds
  })
  return using(
    () => startOurs(folder),
    async (server, clients) => {
      const { port } = server
      const sent = createSent()
      const watchers = startClients()
      try {
        await clients.open({ port, count: n, group: 'all' })
        await watchers.open({ port, count: WATCHERS, group: 'live' })
        await clients.close('all', 'rst')
        await left(server.stats, WATCHERS)
        sent.add((await server.commit({ count: MISSED })).ids)
        await watchers.received(WATCHERS * MISSED)
        await clients.mark(MISSED)
        const began = performance.now()
        let seconds = Number.NaN
        const back = clients.open({ port, count: n, group: 'all', resume: true, atOnce: true })
        const all = clients.untilComplete(n).then(() => {
          seconds = (performance.now() - began) / 1_000
        })
        const waits: number[] = []
        while (Number.isNaN(seconds)) {
          await watchers.mark()
          const { at, ids } = await server.commit({ count: 1 })
          sent.add(ids)
          const { arrivals } = await watchers.received(WATCHERS, 10_000)
          for (const arrival of arrivals) waits.push(arrival - at)
          // One event a second, as in the other rows: each is ten thousand deliveries of extra work.
          await sleep(1_000)
        }
        const [cuts] = await Promise.all([back, all])
        const again = Object.values(cuts).reduce((sum, count) => sum + count, 0)
        if (again > 0) process.stderr.write(`  cut before the answer: ${JSON.stringify(cuts)}\n`)
        // They must also have what was committed in the meantime.
        const exact = await agreeing(clients, 'all', sent.count(), sent.begins, n)
        return [
          rowOf({
            name: `${thousands(n)} come back at once, each missing ${MISSED} events: seconds until all have them; exact (${thousands(again)} were cut off before the answer and tried again)`,
            ours: `${seconds.toFixed(1)}; ${thousands(exact)}`,
            floor: floor.toFixed(1),
            ratio: (seconds / floor).toFixed(2),
            target: '≤ 10; all',
          }),
          rowOf({
            name: `commit to arrival for ${WATCHERS} that are live at the same time, one event a second, p99, ms`,
            ours: percentile(waits, 0.99).toFixed(0),
            target: '≤ 500',
          }),
        ]
      } finally {
        await watchers.stop()
      }
    },
  )
}

/** Waits until at most `most` are connected. Returns how many are. */
export async function left(
  stats: () => Promise<{ activeConnections: number }>,
  most: number,
): Promise<number> {
  let active = Infinity
  for (let looks = 0; looks < 100 && active > most; looks += 1) {
    active = (await stats()).activeConnections
    if (active > most) await sleep(100)
  }
  return active
}

/** Waits until all of a group have exactly what was sent, or time is up. Returns how many have. */
export async function agreeing(
  clients: Clients,
  group: string,
  count: number,
  begins: ReturnType<typeof createSent>['begins'],
  expected: number,
): Promise<number> {
  let exact = 0
  for (let looks = 0; looks < 100 && exact < expected; looks += 1) {
    if (looks > 0) await sleep(200)
    const tallies = await clients.tallies(group)
    exact = tallies.filter((tally) => tally.count === count && begins(tally)).length
  }
  return exact
}

const LONG = 1_000_000

/** Events per second to one client that missed them all, three times. */
async function rates(server: Served, clients: Clients, path: string) {
  const figures: number[] = []
  const sizes: number[] = [await server.rss()]
  for (const group of ['first', 'second', 'third']) {
    await clients.mark()
    const began = performance.now()
    const opened = clients.open({ port: server.port, count: 1, group, path })
    const { messages } = await clients.received(LONG, 120_000)
    figures.push(messages / ((performance.now() - began) / 1_000))
    await opened
    sizes.push(await server.rss())
    await clients.close(group)
  }
  return { rate: median(figures), sizes }
}

export const replay: Bench = async ({ folder }) => {
  const ours = await using(
    () => startOurs(folder, { events: LONG }),
    (server, clients) => rates(server, clients, `${EVERYTHING}&cursor=earliest`),
  )
  const floor = await using(startFloor, (server, clients) =>
    rates(server, clients, `${EVERYTHING}&missing=${LONG}`),
  )
  const growth = ours.sizes
    .slice(1)
    .map((size) => ((size - (ours.sizes[0] ?? 0)) / 2 ** 20).toFixed(0))
  return [
    rowOf({
      name: `one client missing ${thousands(LONG)} events, events/s`,
      ours: thousands(ours.rate),
      floor: thousands(floor.rate),
      ratio: (ours.rate / floor.rate).toFixed(2),
      target: '≥ 250,000',
    }),
    rowOf({
      name: 'growth of memory once it has them, MiB: first, second, third time',
      ours: growth.join(', '),
      target: "≤ 40, and SQLite's page cache of 64",
    }),
  ]
}
