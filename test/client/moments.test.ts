import { join } from 'node:path'
import { createStreams } from 'flowfi-client'
import type { Stream } from 'flowfi-client'
import { expect, onTestFinished, test } from 'vitest'
import { getJson, indexed, setUp, startIndexer } from '../support/daemon.ts'
import type { Answer } from '../support/daemon.ts'
import { temporaryFolder } from '../support/process.ts'
import { lastLedger } from '../support/recorded.ts'
import { loadRecording, seconds } from '../support/recordings.ts'
import { until } from '../support/until.ts'

const quirks = await loadRecording('quirks')
const FIRST = quirks.header.firstLedger
const LAST = lastLedger(quirks)

test('P5: claimable amounts are those that the contract answered, at ledgers on the way and after a lost position', async () => {
  const { daemon, simulator, env } = await setUp(quirks, { simulator: { speed: 0, closed: 20 } })
  const { url } = daemon
  await indexed(url, FIRST + 19)
  const streams = createStreams({ url, all: true })
  onTestFinished(streams.close)
  await streams.ready

  const known = async () => {
    const { data } = await getJson<Answer<Stream[]>>(`${url}/streams?limit=200`)
    return data.map(({ streamId, lastEventId }) => [streamId, lastEventId])
  }
  const shown = () => streams.all().map(({ streamId, lastEventId }) => [streamId, lastEventId])
  const ledgers = new Map(quirks.ledgers.map((ledger) => [ledger.sequence, ledger]))
  let compared = 0
  const step = async (count: number) => {
    await indexed(url, simulator.closeNext(count))
    await expect.poll(shown).toEqual(await known())
    const { closedAt, claimable = [] } = ledgers.get(simulator.latestLedger())!
    const answers = claimable.filter(([id]) => streams.get(id) !== undefined)
    const ours = answers.map(([id]) => [id, streams.claimable(id, seconds(closedAt))])
    expect(ours).toEqual(answers)
    compared += ours.length
  }
  while (simulator.latestLedger() < FIRST + 80) await step(3)
  expect(compared).toBeGreaterThan(50)

  // The next daemon has forgotten the position of the client.
  await daemon.close()
  await until(() => streams.state === 'reconnecting')
  const before = streams.all()
  simulator.closeNext(20)
  await startIndexer({
    ...env,
    PORT: new URL(url).port,
    DATABASE_PATH: join(await temporaryFolder(), 'later.db'),
    START_LEDGER: String(FIRST + 90),
  })
  await indexed(url, FIRST + 99)
  streams.reconnectNow()
  await until(() => streams.state === 'live')
  expect(streams.all()).not.toBe(before)
  while (simulator.latestLedger() < LAST) await step(Math.min(10, LAST - simulator.latestLedger()))
})
