import { expect, test } from 'vitest'
import { loadRecording } from '../support/recordings.ts'
import { ingestUnderKills } from '../torture/kill.ts'

const KILLS = 5
/** Seven processes, each a second or more where the machine is busy. */
const TIMEOUT_MS = 60_000

test(
  'an indexer killed while it ingests loses, doubles and reorders nothing',
  async () => {
    const recording = await loadRecording('quirks')
    const { early } = await ingestUnderKills({ recording, kills: KILLS, seed: 11 })
    expect(early).toBeGreaterThan(KILLS / 2)
  },
  TIMEOUT_MS,
)
