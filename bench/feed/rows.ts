import { cpu, memory, steady } from './cost.ts'
import { latency, unread } from './delay.ts'
import { replay, storm } from './return.ts'
import type { Bench } from './row.ts'
import { soak } from './soak.ts'

/** The benches of the table, by the names that the command line takes. */
export const BENCHES: Readonly<Record<string, Bench>> = {
  memory,
  cpu,
  steady,
  latency,
  storm,
  replay,
  unread,
  soak,
}
