import { setTimeout as sleep } from 'node:timers/promises'
import { median, thousands } from '../table.ts'
import { ofRivals, rowOf, using } from './row.ts'
import type { Bench, Rivals, Row } from './row.ts'
import { EVERYTHING, startOurs } from './served.ts'
import type { Clients, Ours, Served } from './served.ts'

/** What subscriptions cost: memory while they are idle, CPU when events are delivered. */

const OWN_STREAM = '/events/subscribe?streams=#'
/** The share of the subscriptions that are opened first. */
const FIRST = 0.2

/**
 * KiB for each idle subscription: the larger of the growth from none to all and the growth from the
 * first fifth to all. The first includes what is created once and shared by all. The second excludes
 * memory that was already free after loading the program.
 */
async function memoryOf(
  server: Served,
  clients: Clients,
  count: number,
  path = EVERYTHING,
): Promise<number> {
  const { port } = server
  const first = Math.floor(count * FIRST)
  const none = await server.rss()
  await clients.open({ port, count: first, group: 'first', path })
  await sleep(1_000)
  const some = await server.rss()
  await clients.open({ port, count: count - first, first: first + 1, group: 'rest', path })
  await sleep(1_000)
  const all = await server.rss()
  return Math.max((all - none) / count, (all - some) / (count - first)) / 1_024
}

export const memory: Bench = async ({ folder, subscriptions: n }) => {
  const all = await using(
    () => startOurs(folder),
    (server, clients) => memoryOf(server, clients, n),
  )
  const own = await using(
    () => startOurs(folder),
    (server, clients) => memoryOf(server, clients, n, OWN_STREAM),
  )
  const http = await using(
    () => startOurs(folder, { lane: 'http' }),
    (server, clients) => memoryOf(server, clients, n),
  )
  const rivals = await ofRivals((server, clients) => memoryOf(server, clients, n), 1)
  const row = (name: string, figure: number, target = ''): Row => ({
    name: `resident memory of an idle subscription, ${name}, KiB`,
    ...beside(figure, rivals, 1),
    target,
  })
  return [
    row(`${thousands(n)} to everything`, all, '≤ 1.4 × floor; ≤ nchan'),
    row(`${thousands(n)} to a stream each`, own, '≤ 1.4 × floor; ≤ nchan'),
    row(`${thousands(n)} to everything through the HTTP server (FEED_LANE=http)`, http),
  ]
}

function beside(figure: number, { floor, text }: Rivals, digits: number) {
  return {
    ours: figure.toFixed(digits),
    floor: floor.toFixed(digits),
    ratio: (figure / floor).toFixed(2),
    rivals: text,
  }
}

interface CpuPlan {
  count: number
  events: number
  rounds: number
}

const COMMITS_PER_ROUND = 10

/** The server's CPU time in microseconds for one event to one subscription. */
async function cpuOf(server: Served, clients: Clients, plan: CpuPlan): Promise<number> {
  const { count, events, rounds } = plan
  await clients.open({ port: server.port, count, group: 'all' })
  const round = async () => {
    for (let done = 0; done < COMMITS_PER_ROUND; done += 1) {
      await clients.mark()
      await server.commit({ count: events })
      const { messages } = await clients.received(count * events)
      if (messages < count * events) throw new Error(`only ${messages} messages arrived`)
    }
  }
  await round()
  const figures: number[] = []
  for (let done = 0; done < rounds; done += 1) {
    const before = await server.cpu()
    await round()
    figures.push(((await server.cpu()) - before) / COMMITS_PER_ROUND / count / events)
  }
  return median(figures)
}

/** What a commit costs without subscribers: decoding, applying and writing, which no rival does. */
async function commitOf(server: Served, events: number): Promise<number> {
  const commits = COMMITS_PER_ROUND * 20
  for (let done = 0; done < commits; done += 1) await server.commit({ count: events })
  const before = await server.cpu()
  for (let done = 0; done < commits; done += 1) await server.commit({ count: events })
  return ((await server.cpu()) - before) / commits
}

export const cpu: Bench = async ({ folder, subscriptions }) => {
  const rows: Row[] = []
  let single = Number.NaN
  const plans: CpuPlan[] = [
    { count: 1_000, events: 1, rounds: 11 },
    { count: subscriptions, events: 1, rounds: 3 },
    { count: 1_000, events: 20, rounds: 5 },
  ]
  for (const plan of plans) {
    const { count, events } = plan
    const commit = await using(
      () => startOurs(folder),
      (server) => commitOf(server, events),
    )
    const whole = await using(
      () => startOurs(folder),
      (server, clients) => cpuOf(server, clients, plan),
    )
    const ours = whole - commit / count / events
    const rivals = await ofRivals((server, clients) => cpuOf(server, clients, plan), 2)
    if (events === 1 && count === 1_000) single = ours
    rows.push({
      name: `CPU per delivered event, ${thousands(count)} subscriptions, ${events} a commit, µs (without the commit's own ${thousands(commit)})`,
      ...beside(ours, rivals, 2),
      target:
        events === 1
          ? '≤ 1.2 × floor; ≤ nchan; ≤ ⅓ of streamSSE'
          : `≤ 0.2 of one a commit: ${(ours / single).toFixed(2)}`,
    })
  }
  return rows
}

const STEADY_SECONDS = 10
const STEADY_EACH = { count: 50, everyMs: 50 }

/** The share of one core that a thousand events a second take, and how many arrived. */
async function coreShareOf(server: Ours, clients: Clients, streams: number) {
  await clients.mark()
  const before = await server.cpu()
  const began = performance.now()
  await server.keepCommitting({ ...STEADY_EACH, streams })
  await sleep(STEADY_SECONDS * 1_000)
  await server.stopCommitting()
  const used = (await server.cpu()) - before
  const seconds = (performance.now() - began) / 1_000
  const { messages } = await clients.received(Infinity, 1_000)
  return { share: used / (seconds * 1e6), rate: messages / seconds }
}

export const steady: Bench = async ({ folder, subscriptions: n }) => {
  const alone = await using(
    () => startOurs(folder),
    async (server, clients) => {
      await server.commit({ count: n, streams: n })
      return coreShareOf(server, clients, n)
    },
  )
  const served = await using(
    () => startOurs(folder),
    async (server, clients) => {
      await clients.open({ port: server.port, count: n, group: 'own', path: OWN_STREAM })
      await server.commit({ count: n, streams: n })
      await clients.received(n)
      return coreShareOf(server, clients, n)
    },
  )
  return [
    rowOf({
      name: `share of one core, ${thousands(n)} subscriptions to a stream each, ${thousands(served.rate)} events/s decoded, applied and delivered (floor: no subscribers), %`,
      ours: (served.share * 100).toFixed(0),
      floor: (alone.share * 100).toFixed(0),
      ratio: (served.share / alone.share).toFixed(2),
      target: '≤ 30',
    }),
  ]
}
