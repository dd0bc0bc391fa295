import { expect, test } from 'vitest'
import { loadRecording } from '../support/recordings.ts'
import { surviveStorm } from '../torture/storm.ts'

test('P3, P9: with three RPCs that fail in every way and a kill, nothing is lost and /ready is never wrong', async () => {
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
