import { setImmediate as nextTurn } from 'node:timers/promises'
import { pino } from 'pino'
import type { Logger } from 'pino'
import { expect, onTestFinished } from 'vitest'
import { createFailoverSource } from '../../src/failover/failover.ts'
import type { FailoverOptions } from '../../src/failover/failover.ts'
import { createRpcSource } from '../../src/source/rpc/rpc.ts'
import type { FaultScript } from '../../src/simulator/faults.ts'
import type { Recording } from '../../src/simulator/recording.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts'
import type { LedgerSource, PageStart } from '../../src/source/source.ts'
import { PATIENCE_MS } from './patience.ts'
import { loadRecording } from './recordings.ts'

export const firstSteps = await loadRecording('first-steps')
export const never = new AbortController().signal
export const all: PageStart = { startLedger: firstSteps.header.firstLedger }

/** The same ledgers, served under the passphrase of another network. */
export const otherNetwork: Recording = {
  ...firstSteps,
  header: {
    ...firstSteps.header,
    network: { ...firstSteps.header.network, passphrase: 'Another Network' },
  },
}

type Rule = FaultScript[number]

export const reset: Rule['fault'] = { kind: 'reset' }

/** Every call of the method fails. */
export function always(fault: Rule['fault'], method: Rule['method'] = '*'): FaultScript {
  return [{ when: { every: 1 }, method, fault }]
}

/** The first call fails. */
export function once(fault: Rule['fault']): FaultScript {
  return [{ when: { call: 1 }, fault }]
}

export function askPage({ source }: Pick<Failover, 'source'>, start = all, limit = 100) {
  return source.page(start, limit, never)
}

export interface NodeOptions extends Partial<SimulatorOptions> {
  /** Changes what the failover source sees of this node. */
  through?: (source: LedgerSource) => LedgerSource
}

export interface Line {
  level: number
  msg: string
  [field: string]: unknown
}

/** A clock that only the test moves, even while calls are in flight. */
export function createClock() {
  let time = 0
  const timers = new Set<{ at: number; run: () => void }>()

  function nextUntil(end: number) {
    const [next] = [...timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)
    return next
  }

  return {
    now: () => time,
    after(milliseconds: number, run: () => void) {
      const timer = { at: time + milliseconds, run }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    /** Runs the timers that are due in this time; their consequences follow later. */
    advance(seconds: number) {
      const end = time + seconds * 1_000
      for (let next = nextUntil(end); next !== undefined; next = nextUntil(end)) {
        timers.delete(next)
        time = Math.max(time, next.at)
        next.run()
      }
      time = end
    },
  }
}

/** Counts the calls in flight. */
function createTraffic() {
  let inFlight = 0
  return {
    through(source: LedgerSource): LedgerSource {
      const counted =
        <A extends unknown[], T>(method: (...args: A) => Promise<T>) =>
        async (...args: A) => {
          inFlight += 1
          try {
            return await method(...args)
          } finally {
            inFlight -= 1
          }
        }
      return {
        ...source,
        network: counted((signal) => source.network(signal)),
        range: counted((signal) => source.range(signal)),
        extent: counted((signal) => source.extent(signal)),
        page: counted((start, limit, signal) => source.page(start, limit, signal)),
        ledger: counted((sequence, signal) => source.ledger(sequence, signal)),
        entries: counted((keys, signal) => source.entries(keys, signal)),
      }
    },
    /** Waits until no call is in flight and no call follows at once. */
    async idle() {
      for (let turns = 0; turns < 3; turns = inFlight === 0 ? turns + 1 : 0) await nextTurn()
    },
  }
}

/** A logger whose lines can be read. */
export function recordedLog(): { log: Logger; lines: Line[] } {
  const lines: Line[] = []
  const write = (line: string) => void lines.push(JSON.parse(line) as Line)
  return { log: pino({ level: 'debug' }, { write }), lines }
}

/** Nodes called a, b and c, each on its own port, and the failover source over all of them. */
export async function setUp(
  nodeOptions: readonly NodeOptions[],
  failover: Partial<FailoverOptions> = {},
  recording = firstSteps,
) {
  const { contractId, network } = recording.header
  const clock = createClock()
  const { log, lines } = recordedLog()
  const traffic = createTraffic()
  const nodes: Simulator[] = []
  const endpoints: { name: string; source: LedgerSource }[] = []
  for (const { through, ...options } of nodeOptions) {
    const node = await createSimulator({ recording, speed: Infinity, ...options })
    const direct = createRpcSource({ url: node.url, contractId, timeoutMs: 60_000 })
    endpoints.push({
      name: 'abc'[nodes.length]!,
      source: traffic.through(through?.(direct) ?? direct),
    })
    nodes.push(node)
  }
  const source = createFailoverSource({
    endpoints,
    networkPassphrase: network.passphrase,
    contractId,
    log,
    callTimeoutMs: 60_000,
    patienceMs: 2_000,
    now: clock.now,
    after: clock.after,
    random: () => 0,
    ...failover,
  })
  onTestFinished(async () => {
    await source.close()
    await Promise.all(nodes.map((node) => node.close()))
  })
  /** Lets time pass second by second, and waits for the calls of each second. */
  async function pass(seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds; passed += 1) {
      clock.advance(1)
      await traffic.idle()
    }
  }
  return { nodes, source, clock, lines, contractId, pass, idle: traffic.idle }
}

export type Failover = Awaited<ReturnType<typeof setUp>>

/** How many pages came from each endpoint. */
export function pagesBy({ source }: Failover): Record<string, number> {
  return Object.fromEntries(source.counters().endpoints.map(({ url, pages }) => [url, pages]))
}

export function statusOf({ source }: Failover, name: string) {
  return source.endpoints().find(({ url }) => url === name)!
}

/** Holds up the calls of one method until `release`. */
export function heldUp(method: 'page' | 'range' | 'ledger', isHeld: () => boolean = () => true) {
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  let waiting = 0
  const through = (direct: LedgerSource): LedgerSource => ({
    ...direct,
    async [method](...args: never[]) {
      if (isHeld()) {
        waiting += 1
        await released
      }
      return (direct[method] as (...args: never[]) => Promise<unknown>)(...args)
    },
  })
  return {
    through,
    release,
    /** Waits until this many calls have arrived. */
    reached: (calls = 1) => expect.poll(() => waiting, LONG).toBeGreaterThanOrEqual(calls),
  }
}

/** Long enough on the busiest machine; for `expect.poll`. */
export const LONG = { interval: 2, timeout: PATIENCE_MS }
