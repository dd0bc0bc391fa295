import { expect, test } from 'vitest'
import { loadRecording } from '../support/recordings.ts'
import { ingestUnderKills } from './kill.ts'

const KILLS = 50

test.each([
  ['busy', 1],
  ['quirks', 2],
] as const)('P2: fifty kills while %s is ingested change nothing (seed %i)', async (name, seed) => {
  const recording = await loadRecording(name)
  const { early, midway } = await ingestUnderKills({ recording, kills: KILLS, seed })
  expect(early).toBeGreaterThan(KILLS / 2)
  expect(midway).toBeGreaterThan(0)
})
