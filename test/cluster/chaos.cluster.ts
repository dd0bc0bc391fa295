import { describe, expect, test } from 'vitest'
import { loadRecording } from '../support/recordings.ts'
import { withoutRedis } from '../support/redis.ts'
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
} from './chaos.ts'

const reason = withoutRedis()
/** For processes that have to share the machine. */
const ROOM_MS = 6_000

describe.skipIf(reason !== undefined)(`chaos${reason ? ` (${reason})` : ''}`, () => {
  test('P1 P5 P6: every client gets every event once and in order, and every node has the same log and state, whatever fails', async () => {
    const { takeovers } = await surviveChaos({
      recording: await loadRecording('lively'),
      clients: 60,
      ledgerMs: 150,
      restMs: 500,
      acts: [
        leaderKilled,
        redisRestarted,
        leaderKilled,
        followerCutOff,
        redisFlushed,
        leaderAsleep,
        diskLost,
        redisSetBack,
        leaderCutOff,
        followerKilled,
        leaderReplaced,
      ],
    })
    expect(Math.max(...takeovers)).toBeLessThan(2 * LEASE_MS + ROOM_MS)
  })
})
