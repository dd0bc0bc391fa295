import { pino } from 'pino'
import { expect, onTestFinished, test, vi } from 'vitest'
import { parseConfig } from '../../src/config/config.ts'
import { startReplica } from '../../src/daemon/replica.ts'
import { getJson, indexed, setUp } from '../support/daemon.ts'
import { isCaughtUp, openClient, subscribeRequest } from '../support/feed/client.ts'
import { loadRecording } from '../support/recordings.ts'

const recording = await loadRecording('quirks')

test('P6: a position that another process has seen is not beyond the network, also before this one looks', async () => {
  const { daemon, simulator, env } = await setUp(recording, { simulator: { speed: 0, closed: 10 } })
  await indexed(daemon.url, simulator.latestLedger())
  // It looks for commits only when the test says so.
  vi.useFakeTimers({ toFake: ['setInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const replica = await startReplica(parseConfig(env), {
    logger: pino({ level: 'silent' }),
    version: '0.0.0',
  })
  vi.useRealTimers()
  onTestFinished(replica.close)
  const before = replica.feed.stats().live

  simulator.closeNext(5)
  await indexed(daemon.url, simulator.latestLedger())
  const { checkpoint } = await getJson<{ checkpoint: { cursor: string } }>(`${daemon.url}/status`)
  const url = `${replica.url}/events/subscribe?all=true&cursor=${checkpoint.cursor}`
  const client = await openClient(replica.url, subscribeRequest(url))
  await client.until(() => client.messages.length > 0)
  // It has been decided: the subscription waits, or was told to load its snapshot again.
  await expect.poll(() => replica.feed.stats().live).toBe(before + 1)
  replica.look()
  await client.until(isCaughtUp)
  expect(client.named('reset')).toEqual([])
  client.socket.destroy()
})
