import type { Simulator } from '../../../src/simulator/simulator.ts'
import { openStoreForReading } from '../../../src/store/store.ts'
import { expect } from 'vitest'
import { openSetup } from '../daemon.ts'
import { describe } from '../described/every-answer.ts'
import { openClient, subscribeRequest } from './client.ts'
import type { FeedClient } from './client.ts'
import { EVERYTHING } from '../../../src/domain/filter.ts'
import { loadRecording } from '../recordings.ts'
import type { RecordingName } from '../recordings.ts'
import { until } from '../until.ts'

interface Setup {
  recording?: RecordingName
  /** How many ledgers are closed at the start; default: all. */
  closed?: number
  env?: Record<string, string>
  reconnectMs?: { from: number; to: number }
}

export interface FeedDaemon {
  url: string
  simulator: Simulator
  /** The events of the log, read from the file. */
  log(): { id: string; type: string; data: string }[]
  /** Settles when all closed ledgers have been indexed. */
  indexed(): Promise<void>
  /** Sends this on a new connection; what comes back is read as one response. */
  request(text: string): Promise<FeedClient>
  open(query: string, headers?: Record<string, string>): Promise<FeedClient>
  stats(): Promise<Record<string, number>>
  close(): Promise<void>
}

/** The daemon over a simulated RPC, its database in a temporary file. */
export async function startFeedDaemon({
  recording: name = 'quirks',
  closed,
  env = {},
  reconnectMs,
}: Setup = {}): Promise<FeedDaemon> {
  const pace = closed === undefined ? {} : { speed: 0, closed }
  const { daemon, simulator, ...setup } = await openSetup(await loadRecording(name), {
    simulator: pace,
    env,
    ...(reconnectMs && { reconnectMs }),
  })
  const store = openStoreForReading(setup.env['DATABASE_PATH']!)
  const asked: { method: string; client: FeedClient }[] = []
  const request = async (text: string) => {
    const client = await openClient(daemon.url, text)
    const [, method] = /^([A-Z]+) \/events\/subscribe[ ?]/.exec(text) ?? []
    if (method !== undefined) asked.push({ method, client })
    return client
  }

  return {
    url: daemon.url,
    simulator,
    log: () => store.log.page({ filter: EVERYTHING, limit: 100_000 }).entries,
    async indexed() {
      await until(() => (store.coverage.checkpoint()?.ledger ?? 0) >= simulator.latestLedger())
    },
    request,
    open: (query, headers) =>
      request(subscribeRequest(`${daemon.url}/events/subscribe?${query}`, headers)),
    async stats() {
      const response = await fetch(`${daemon.url}/events/stats`)
      return (await response.json()) as Record<string, number>
    },
    async close() {
      store.close()
      await setup.close()
      for (const each of asked) await expectDescribed(each)
    },
  }
}

/** So many frames of a client are compared with the OpenAPI document; those of a kind are alike. */
const COMPARED = 50

async function expectDescribed({ method, client }: { method: string; client: FeedClient }) {
  const { messages, head, body } = client
  if (head === undefined) return
  const { differences, differencesOfFrame } = await describe()
  const { status, headers } = head
  const isWhole = Number(headers['content-length']) === Buffer.byteLength(body, 'latin1')
  const type = body === '' ? undefined : headers['content-type']
  const answer = { method, path: '/events/subscribe', status, type, ...(isWhole && { body }) }
  expect([answer, differences(answer)]).toEqual([answer, []])
  for (const { event, data, id } of messages.slice(0, COMPARED)) {
    const frame = { ...(event !== 'message' && { event }), data, ...(id !== undefined && { id }) }
    expect([event, data, differencesOfFrame(frame)]).toEqual([event, data, []])
  }
}
