import { expect, test } from 'vitest'
import { loadRecording } from '../support/recordings.ts'
import { surviveStorm } from './storm.ts'

test.each([
  ['quirks', 1],
  ['busy', 2],
] as const)(
  'two hundred faults at three RPCs, and eight kills, while %s is ingested (seed %i)',
  async (name, seed) => {
    const recording = await loadRecording(name)
    const { ready, unready, strikes } = await surviveStorm({
      recording,
      faults: 200,
      kills: 8,
      beatMs: 600,
      seed,
    })
    expect(strikes).toBeGreaterThanOrEqual(200)
    expect(ready).toBeGreaterThan(0)
    expect(unready).toBeGreaterThan(0)
  },
)
