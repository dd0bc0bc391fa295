import { expect, test } from 'vitest'
import { environment, getJson, indexed, simulate } from '../support/daemon.ts'
import { subscribe } from '../support/feed/client.ts'
import type { Message } from '../support/feed/client.ts'
import { launchServer, temporaryFolder } from '../support/process.ts'
import { loadRecording } from '../support/recordings.ts'

/** A database file that is replaced while it is being served. */

const recording = await loadRecording('quirks')
const FIRST = recording.header.firstLedger

interface Status {
  coverage: [number, number][]
}

test('P6: serve notices that its file was replaced, and subscribers reconnect to the new one', async () => {
  const simulator = await simulate(recording, { speed: 0, closed: 30 })
  const env = environment(recording, {
    rpcUrl: simulator.url,
    databasePath: `${await temporaryFolder()}/flowfi.db`,
  })
  const owner = await launchServer(['start'], env)
  await indexed(owner.url, FIRST + 29)
  const replica = await launchServer(['serve'], env)
  const { url } = replica
  const frames: Message[] = []
  const reading = (async () => {
    for await (const frame of subscribe(`${url}/events/subscribe?all=true`)) frames.push(frame)
  })()
  await expect.poll(() => frames.length).toBeGreaterThan(0)
  await owner.stop()

  const second = await simulate(recording, { speed: 0, closed: 10 })
  const fresh = { ...env, RPC_URL: second.url }
  const successor = await launchServer(['start', '--fresh'], fresh)
  await reading
  expect(frames.at(-1)).toMatchObject({ event: 'reconnect', data: { reason: 'shutdown' } })
  const coverage = async () => (await getJson<Status>(`${url}/status`)).coverage
  await expect.poll(coverage).toEqual([[FIRST, FIRST + 9]])
  second.closeNext(5)
  await indexed(url, FIRST + 14)
  await replica.stop()
  await successor.stop()
})
