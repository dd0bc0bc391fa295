import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { environment, getJson, indexed, simulate } from '../support/daemon.ts'
import { freePort, launchServer, temporaryFolder } from '../support/process.ts'
import { cutAfterText, startProxy } from '../support/proxy.ts'
import { loadRecording } from '../support/recordings.ts'
import { closeBrowser, openBrowser, visit } from './visitor.ts'

let skipped: string | undefined

beforeAll(async () => {
  const browser = await openBrowser()
  skipped = typeof browser === 'string' ? browser : undefined
})
afterAll(closeBrowser)
beforeEach((context) => {
  if (skipped !== undefined) context.skip(skipped)
})

test('a daemon killed during a replay is shown as gone, and afterwards nothing is missing or double', async () => {
  const recording = await loadRecording('lively')
  const simulator = await simulate(recording, { speed: 0, closed: 12 })
  const databasePath = join(await temporaryFolder(), 'flowfi.db')
  const env = {
    ...environment(recording, { rpcUrl: simulator.url, databasePath }),
    PORT: String(await freePort()),
    TIP_STALL_SECONDS: '0',
  }
  const first = await launchServer(['start'], env)
  // Each replay breaks in its fourth event, so that the kill comes in the middle of it.
  const cuts = Array.from({ length: 4 }, () => cutAfterText('event: stream.', 4, 30))
  const proxy = await startProxy(first.url, cuts)
  onTestFinished(proxy.close)
  await indexed(first.url, simulator.latestLedger())

  const visitor = await visit(proxy.url)
  await visitor.says('live')
  await visitor.click('Cut the line')
  await visitor.says('offline')
  simulator.closeNext(30)
  await indexed(first.url, simulator.latestLedger())
  await visitor.click('Mend the line')
  await expect.poll(proxy.cutsLeft).toBeLessThan(cuts.length)
  first.kill('SIGKILL')
  await first.ended
  await visitor.says('reconnecting')
  await visitor.page.getByText('The daemon has not answered for', { exact: false }).waitFor()

  const second = await launchServer(['start'], env)
  await visitor.says('live')
  interface Events {
    data: { id: string }[]
  }
  const { data } = await getJson<Events>(`${second.url}/events?order=desc&limit=300`)
  expect(data.length).toBeGreaterThan(100)
  await expect.poll(visitor.events).toEqual(data.map(({ id }) => id))
  await second.stop()
})
