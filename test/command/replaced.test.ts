import { expect, test } from 'vitest'
import { environment, getJson, indexed, simulate } from '../support/daemon.ts'
import { subscribe } from '../support/feed/client.ts'
import type { Message } from '../support/feed/client.ts'
import { launch, temporaryFolder } from '../support/process.ts'
import { loadRecording } from '../support/recordings.ts'

/** A database file that another one takes the place of. */

const recording = await loadRecording('quirks')
const FIRST = recording.header.firstLedger
const PATIENCE = { timeout: 60_000, interval: 50 }

interface Status {
  coverage: [number, number][]
}

async function started(args: string[], env: Record<string, string>) {
  const program = launch(args, { ...env, LOG_LEVEL: 'info' })
  const [, url = ''] = await program.wrote(
    /"url":"(http:\/\/127[^"]+)".*"msg":"(?:started|serving)"/,
  )
  return { program, url }
}

test('P6: serve notices that its file was replaced, and subscribers reconnect to the new one', async () => {
  const simulator = await simulate(recording, { speed: 0, closed: 30 })
  const env = environment(recording, simulator.url, `${await temporaryFolder()}/flowfi.db`)
  const owner = await started(['start'], env)
  await indexed(owner.url, FIRST + 29)
  const { program: replica, url } = await started(['serve'], env)
  const frames: Message[] = []
  const reading = (async () => {
    for await (const frame of subscribe(`${url}/events/subscribe?all=true`)) frames.push(frame)
  })()
  await expect.poll(() => frames.length, PATIENCE).toBeGreaterThan(0)
  owner.program.kill('SIGTERM')
  expect(await owner.program.ended).toMatchObject({ code: 0 })

  const second = await simulate(recording, { speed: 0, closed: 10 })
  const fresh = { ...env, RPC_URL: second.url }
  const { program: successor } = await started(['start', '--fresh'], fresh)
  await reading
  expect(frames.at(-1)).toMatchObject({ event: 'reconnect', data: { reason: 'shutdown' } })
  const coverage = async () => (await getJson<Status>(`${url}/status`)).coverage
  await expect.poll(coverage, PATIENCE).toEqual([[FIRST, FIRST + 9]])
  second.closeNext(5)
  await indexed(url, FIRST + 14)
  for (const program of [replica, successor]) {
    program.kill('SIGTERM')
    expect(await program.ended).toMatchObject({ code: 0 })
  }
}, 120_000)
