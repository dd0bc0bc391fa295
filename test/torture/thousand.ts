import { expect, test } from 'vitest'
import { loadRecording } from '../support/recordings.ts'
import { surviveStorm } from './storm.ts'

/** Milliseconds, from the end of the last fault's `Retry-After`. */
const RECOVERY_MS = 15_000
const FAULTS = 1_000
const KILLS = 8

/** A storm for each of ten seeds. `TORTURE_SEEDS=3,4` runs only these seeds. */
export function testStorms(rpcs: number): void {
  test.each(seeds())(
    `P3, P9: ${FAULTS} faults and ${KILLS} kills over ${rpcs} RPC lose nothing and declare no false gap (seed %i)`,
    async (seed) => {
      const survived = await surviveStorm({
        recording: await loadRecording(seed % 2 === 0 ? 'lively' : 'busy'),
        rpcs,
        faults: FAULTS,
        kills: KILLS,
        losses: true,
        beatMs: 150,
        seed,
        onAct: (line) => console.log(`seed ${seed}, ${rpcs} RPC, ${line}`),
      })
      expect(survived.strikes).toBeGreaterThanOrEqual(FAULTS)
      expect(survived.ready).toBeGreaterThan(0)
      expect(survived.unready).toBeGreaterThan(0)
      expect(Math.max(...survived.recoveries)).toBeLessThanOrEqual(RECOVERY_MS)
    },
  )
}

function seeds(): number[] {
  // oxlint-disable-next-line node/no-process-env -- chooses the storms to run
  const named = process.env['TORTURE_SEEDS']
  return named === undefined
    ? Array.from({ length: 10 }, (_, index) => index + 1)
    : named.split(',').map(Number)
}
