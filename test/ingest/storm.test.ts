import { expect, test } from 'vitest'
import { loadRecording } from '../support/recordings.ts'
import { surviveStorm } from '../torture/storm.ts'

test('P3, P9: three RPCs that fail in every way, and kills in between, lose nothing and are never called ready wrongly', async () => {
  const { ready, unready } = await surviveStorm({
    recording: await loadRecording('quirks'),
    rpcs: 3,
    faults: 30,
    kills: 1,
    losses: false,
    beatMs: 40,
    seed: 5,
  })
  expect(ready).toBeGreaterThan(0)
  expect(unready).toBeGreaterThan(0)
})
