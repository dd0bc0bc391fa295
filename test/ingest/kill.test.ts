import { expect, test } from 'vitest'
import { loadRecording } from '../support/recordings.ts'
import { ingestUnderKills } from '../torture/kill.ts'

const KILLS = 4

test('P2: an indexer that is killed while it ingests loses, doubles and reorders nothing', async () => {
  const recording = await loadRecording('quirks')
  const { early } = await ingestUnderKills({ recording, kills: KILLS, seed: 11 })
  expect(early).toBeGreaterThan(0)
})
