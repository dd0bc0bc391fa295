import { expect, test } from 'vitest'
import {
  diskLost,
  followerCutOff,
  followerKilled,
  leaderAsleep,
  leaderCutOff,
  leaderKilled,
  leaderReplaced,
  LEASE_MS,
  redisFlushed,
  redisRestarted,
  redisSetBack,
  surviveChaos,
} from '../cluster/chaos.ts'
import { loadRecording } from '../support/recordings.ts'

const ROUNDS = 4

test('P1 P5 P6: 300 clients of three nodes get every event once and in order, whatever fails for minutes', async () => {
  const round = [
    leaderKilled,
    leaderKilled,
    redisRestarted,
    leaderKilled,
    followerCutOff,
    followerKilled,
    leaderKilled,
    redisFlushed,
    leaderAsleep,
    leaderKilled,
    diskLost,
    leaderKilled,
    redisSetBack,
    leaderCutOff,
    leaderReplaced,
  ]
  const { takeovers } = await surviveChaos({
    recording: await loadRecording('lively'),
    clients: 300,
    ledgerMs: 1_000,
    restMs: 2_000,
    acts: Array.from({ length: ROUNDS }, () => round).flat(),
    onAct: (name) => console.log(name),
  })
  console.log('takeovers, ms:', takeovers.map(Math.round).join(' '))
  expect(Math.max(...takeovers)).toBeLessThan(2 * LEASE_MS + 1_000)
})
