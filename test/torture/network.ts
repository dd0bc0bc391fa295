import { createHash } from 'node:crypto'
import type { RecordedLedger, Recording } from '../../src/simulator/recording.ts'
import { simulate } from '../support/daemon.ts'
import { startUnrulyEndpoint } from './endpoint.ts'
import type { UnrulyEndpoint, Weather } from './endpoint.ts'

/** A network with its RPCs. The test says when ledgers close and how the RPCs fail. */
export interface UnrulyNetwork {
  readonly endpoints: readonly UnrulyEndpoint[]
  latestLedger(): number
  close(ledgers: number): void
  /** From now on every endpoint behaves like this. */
  set(weather: Weather): void
  /** Calls of all endpoints that their main node did not answer. */
  strikes(): number
  /** When the last `Retry-After` of any endpoint ends, on the clock of `performance.now()`. */
  retryAfterEnds(): number
  /** The nodes of each endpoint lose the ledgers before its number for good. */
  forget(before: readonly number[]): void
}

/** How many ledgers the lagging node is behind. */
const LAGGING = 4
/** Empty ledgers after the recording, so that a storm can last as long as it needs. */
const QUIET = 20_000
const LEDGER_MS = 5_000

export async function startUnrulyNetwork(
  recording: Recording,
  rpcs: number,
  random: () => number,
): Promise<UnrulyNetwork> {
  const played = withQuietEnd(recording)
  const start = (of: Recording) => simulate(of, { speed: 0, closed: 1 })
  const lagging = await start(played)
  const fresh = await start(played)
  const other = await start(startedOver(played))
  lagging.holdBack(LAGGING)
  const mains = await Promise.all(Array.from({ length: rpcs }, () => start(played)))
  const endpoints = await Promise.all(
    mains.map((main) =>
      startUnrulyEndpoint(
        { main: main.url, lagging: lagging.url, fresh: fresh.url, other: other.url },
        random,
      ),
    ),
  )
  const latestLedger = () => mains[0]!.latestLedger()
  return {
    endpoints,
    latestLedger,
    set(weather) {
      for (const endpoint of endpoints) endpoint.set(weather)
    },
    strikes: () => endpoints.reduce((sum, endpoint) => sum + endpoint.strikes(), 0),
    retryAfterEnds: () => Math.max(...endpoints.map((endpoint) => endpoint.retryAfterEnds())),
    close(ledgers) {
      for (const node of [...mains, lagging, fresh, other]) node.closeNext(ledgers)
      fresh.forgetBefore(latestLedger())
    },
    forget(before) {
      for (const [index, main] of mains.entries()) main.forgetBefore(before[index]!)
      // It is behind every URL, so it must not have ledgers that one of them has lost.
      lagging.forgetBefore(Math.max(...before))
    },
  }
}

function withQuietEnd({ header, ledgers }: Recording): Recording {
  const last = ledgers.at(-1)!
  const closedAt = new Date(Date.parse(last.closedAt) + QUIET * LEDGER_MS).toISOString()
  const end: RecordedLedger = {
    sequence: last.sequence + QUIET,
    hash: hashed(`the end after ${last.hash}`),
    closedAt: `${closedAt.slice(0, 19)}Z`,
    events: [],
  }
  return { header, ledgers: [...ledgers, end] }
}

/** The network after a reset, as long as before: the same ledger numbers, nothing else. */
function startedOver({ header, ledgers }: Recording): Recording {
  return {
    header: { ...header, name: `${header.name}, started over` },
    ledgers: ledgers.map((ledger) => ({ ...ledger, hash: hashed(ledger.hash), events: [] })),
  }
}

function hashed(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
