import { expect, test } from 'vitest'
import { loadRecording } from '../support/recordings.ts'
import { surviveStorm } from '../torture/storm.ts'

const TIMEOUT_MS = 60_000

test(
  'three RPCs that fail in every way, and kills in between, change nothing and are never called ready wrongly',
  async () => {
    const recording = await loadRecording('quirks')
    const { ready, unready } = await surviveStorm({
      recording,
      faults: 40,
      kills: 2,
      beatMs: 30,
      seed: 5,
    })
    expect(ready).toBeGreaterThan(0)
    expect(unready).toBeGreaterThan(0)
  },
  TIMEOUT_MS,
)
