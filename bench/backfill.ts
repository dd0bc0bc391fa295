import { readRecording } from '../src/simulator/recording.ts'
import { run, simulator } from './processes.ts'
import { median, thousands } from './table.ts'
import type { Figure } from './table.ts'

const FIXTURE = 'fixtures/busy.jsonl.gz'
const ROUNDS = 12
/** The first rounds only warm up the compiler; they are not counted. */
const WARM_UP = 4

interface Round {
  events: number
  seconds: number
  cpu: number
}

/** Backfill from a simulated RPC over HTTP to disk, with the indexer on one core. */
export async function backfill(folder: string): Promise<Figure[]> {
  const { header } = await readRecording(FIXTURE)
  const rpc = await simulator(FIXTURE, 1)
  async function measure(which: string): Promise<Round[]> {
    const { contractId, network } = header
    const args = [which, String(ROUNDS), rpc.url, folder, contractId, network.passphrase]
    const child = run(['bench/backfill.child.ts', ...args], {}, 0)
    const rounds: Round[] = []
    for (let left = ROUNDS; left > 0; left -= 1)
      rounds.push(JSON.parse(await child.line()) as Round)
    await child.stop()
    return rounds.slice(WARM_UP)
  }
  const ours = await measure('ours')
  const floor = await measure('floor')
  await rpc.stop()
  const rate = (rounds: Round[]) => median(rounds.map(({ events, seconds }) => events / seconds))
  const cost = (rounds: Round[]) => median(rounds.map(({ events, cpu }) => (cpu * 1e6) / events))
  return [
    {
      name: `backfill, events/s (rounds of ${thousands(ours[0]?.events ?? 0)} events)`,
      value: thousands(rate(ours)),
      floor: thousands(rate(floor)),
      ratio: (rate(ours) / rate(floor)).toFixed(2),
      target: '≥ 10,000; ≥ 0.6 × floor',
    },
    {
      name: 'backfill, CPU µs per event',
      value: cost(ours).toFixed(0),
      floor: cost(floor).toFixed(0),
      ratio: (cost(ours) / cost(floor)).toFixed(2),
      target: '',
    },
  ]
}
