import { setTimeout as sleep } from 'node:timers/promises'
import { median, thousands } from '../table.ts'
import { agreeing, left } from './return.ts'
import { rowOf, using } from './row.ts'
import type { Bench } from './row.ts'
import { startClients, startOurs } from './served.ts'
import type { Clients, Position } from './served.ts'
import { createSent } from './tally.ts'

const GROUPS = 20
/** Clients that stop reading for some rounds, get more than their sockets hold, and read on. */
const PAUSING = { group: 'pausing', count: 10, every: 20, rounds: 6, burst: 10_000 }
/** Clients that connect, never read, and disappear. */
const VANISHING = { count: 5, rounds: 3 }
const ROUND_MS = 100
const QUIET = '/events/subscribe?streams=1'
const BUSY = '/events/subscribe?streams=2'

/** Clients connect, disappear, stop reading, read on and come back, for `soakMinutes`. */
export const soak: Bench = async ({ folder, subscriptions, soakMinutes }) =>
  using(
    () => startOurs(folder),
    async (server, clients) => {
      const { port } = server
      const still = startClients()
      const count = Math.floor(subscriptions / GROUPS / 10)
      const names = Array.from({ length: GROUPS }, (_, at) => `group ${at}`)
      const quiet = createSent()
      const busy = createSent()
      const wrong = new Set<string>()
      const complain = (group: string, what: string, position: Position) => {
        wrong.add(group)
        process.stderr.write(`  ${group}: ${what}: ${JSON.stringify(position)}\n`)
      }
      const check = async (group: string, { begins }: typeof quiet) => {
        for (const position of await clients.tallies(group)) {
          if (!begins(position)) complain(group, 'not what was sent', position)
        }
      }
      try {
        for (const group of names) await clients.open({ port, count, group, path: QUIET })
        await clients.open({ port, ...PAUSING, path: BUSY })
        const deadline = performance.now() + soakMinutes * 60_000
        const sizes: number[] = []
        let stalls = 0
        let rounds = 0
        for (; performance.now() < deadline; rounds += 1) {
          await clients.mark()
          const leaving = names[rounds % GROUPS] ?? ''
          await check(leaving, quiet)
          await clients.close(leaving, rounds % 2 === 0 ? 'rst' : 'fin')
          await vanish(still, port, rounds)
          quiet.add((await server.commit({ count: 1 + (rounds % 40) })).ids)
          const phase = rounds % PAUSING.every
          if (phase === 0) {
            await clients.read(PAUSING.group, false)
            busy.add((await server.commit({ count: PAUSING.burst, first: 2 })).ids)
          }
          if (phase === PAUSING.rounds) {
            stalls += (await server.stats()).stalled
            await check(PAUSING.group, busy)
            // Every other time they come back on a new connection.
            if (rounds % (2 * PAUSING.every) === phase) await clients.read(PAUSING.group, true)
            else {
              await clients.close(PAUSING.group, 'rst')
              await clients.open({ port, ...PAUSING, path: BUSY, resume: true })
            }
          }
          await clients.open({ port, count, group: leaving, path: QUIET, resume: true })
          if (rounds % GROUPS === GROUPS - 1) sizes.push(await server.rss())
          await sleep(ROUND_MS)
        }
        await clients.read(PAUSING.group, true)
        const groups: [string, typeof quiet, number][] = [
          ...names.map((name): [string, typeof quiet, number] => [name, quiet, count]),
          [PAUSING.group, busy, PAUSING.count],
        ]
        for (const [group, sent, size] of groups) {
          const exact = await agreeing(clients, group, sent.count(), sent.begins, size)
          if (exact < size) {
            for (const position of await clients.tallies(group)) {
              if (position.count === sent.count() && sent.begins(position)) continue
              complain(group, `not all of ${sent.count()}`, position)
            }
            wrong.add(group)
          }
          await clients.close(group)
        }
        await still.stop()
        const open = await left(server.stats, 0)
        const { activeIps } = await server.stats()
        const half = Math.floor(sizes.length / 2)
        const first = median(sizes.slice(Math.floor(half / 2), half))
        const growth = (median(sizes.slice(half)) - first) / 2 ** 20
        return [
          rowOf({
            name: `soak, ${soakMinutes} min, ${thousands(rounds * count)} departures, ${thousands(stalls)} stalls: groups of clients with an event lost, doubled or out of order; counters left above zero; growth of memory, MiB`,
            ours: `${wrong.size}; ${open + activeIps}; ${growth.toFixed(1)}`,
            target: '0; 0; flat',
          }),
        ]
      } finally {
        await still.stop()
      }
    },
  )

/** Some clients connect and do not read; those of some rounds ago disappear. */
async function vanish(still: Clients, port: number, round: number): Promise<void> {
  const { count, rounds } = VANISHING
  await still.open({ port, count, group: `still ${round}` })
  await still.read(`still ${round}`, false)
  const old = `still ${round - rounds}`
  await still.close(old, round % 2 === 1 ? 'rst' : 'fin')
  await still.forget(old, count)
}
