import { pino } from 'pino'
import type { Logger } from 'pino'
import { onTestFinished } from 'vitest'
import { createFailoverSource } from '../../src/source/failover.ts'
import type { FailoverOptions } from '../../src/source/failover.ts'
import { createRpcSource } from '../../src/source/rpc.ts'
import { createSimulator } from '../../src/source/simulator/server.ts'
import type { Simulator, SimulatorOptions } from '../../src/source/simulator/server.ts'
import type { LedgerSource } from '../../src/source/source.ts'
import { loadRecording } from '../support/recordings.ts'

export const firstSteps = await loadRecording('first-steps')
export const never = new AbortController().signal

export interface NodeOptions extends Partial<SimulatorOptions> {
  /** What stands between the node and who asks. */
  through?: (source: LedgerSource) => LedgerSource
}

export interface Line {
  level: number
  msg: string
  [field: string]: unknown
}

function createClock() {
  let time = 0
  return {
    now: () => time,
    advance(seconds: number) {
      time += seconds * 1_000
    },
  }
}

/** A log that can be read back. */
export function recordedLog(): { log: Logger; lines: Line[] } {
  const lines: Line[] = []
  const write = (line: string) => void lines.push(JSON.parse(line) as Line)
  return { log: pino({ level: 'debug' }, { write }), lines }
}

/** Nodes called a, b and c, each on its port, and the one source over all of them. */
export async function setUp(
  nodeOptions: readonly NodeOptions[],
  failover: Partial<FailoverOptions> = {},
  recording = firstSteps,
) {
  const { contractId, network } = recording.header
  const clock = createClock()
  const { log, lines } = recordedLog()
  const nodes: Simulator[] = []
  const endpoints: { name: string; source: LedgerSource }[] = []
  for (const { through, ...options } of nodeOptions) {
    const node = await createSimulator({ recording, speed: Infinity, ...options })
    const direct = createRpcSource({ url: node.url, contractId, timeoutMs: 300 })
    endpoints.push({ name: 'abc'[nodes.length]!, source: through?.(direct) ?? direct })
    nodes.push(node)
  }
  const source = createFailoverSource({
    endpoints,
    networkPassphrase: network.passphrase,
    contractId,
    log,
    callTimeoutMs: 2_000,
    patienceMs: 2_000,
    now: clock.now,
    random: () => 0,
    ...failover,
  })
  onTestFinished(async () => {
    await source.close()
    await Promise.all(nodes.map((node) => node.close()))
  })
  return { nodes, source, clock, lines, contractId }
}

export type Failover = Awaited<ReturnType<typeof setUp>>

/** Who has answered how many pages, by name. */
export function pagesBy({ source }: Failover): Record<string, number> {
  return Object.fromEntries(source.counters().endpoints.map(({ url, pages }) => [url, pages]))
}

export function statusOf({ source }: Failover, name: string) {
  return source.endpoints().find(({ url }) => url === name)!
}
