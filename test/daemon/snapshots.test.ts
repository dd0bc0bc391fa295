import { expect, onTestFinished, test } from 'vitest'
import type { StreamJson } from '../../src/http/json.ts'
import { environment, getJson, indexed, simulate, startIndexer } from '../support/daemon.ts'
import type { Answer } from '../support/daemon.ts'
import { subscribe } from '../support/feed/client.ts'
import { launchServer, temporaryFolder } from '../support/process.ts'
import { finalStreams, lastLedger } from '../support/recorded.ts'
import { loadRecording } from '../support/recordings.ts'
import { until } from '../support/until.ts'

const recording = await loadRecording('quirks')
const FIRST = recording.header.firstLedger
const LAST = lastLedger(recording)
const user = String(finalStreams(recording).get('4')!['sender'])
/** Ledgers that close between two snapshots. */
const STEP = 5

interface Event {
  id: string
  type: string
  streamId?: string
  sender: string | null
  recipient: string | null
}

/** A snapshot, and the feed that continues it. */
interface Kind {
  path: string
  feed: string
  isMeant(event: Event): boolean
}

const ofStreams =
  (...ids: string[]) =>
  ({ streamId = '' }: Event) =>
    ids.includes(streamId)
const ofUser = ({ sender, recipient }: Event) => [sender, recipient].includes(user)
const everything = () => true

/** `NOW` stands for a ledger that has been indexed. */
const KINDS: Kind[] = [
  { path: '/streams?limit=200', feed: 'all=true', isMeant: everything },
  { path: '/streams?streams=1,4', feed: 'streams=1,4', isMeant: ofStreams('1', '4') },
  { path: '/streams/4', feed: 'streams=4', isMeant: ofStreams('4') },
  { path: '/streams/1?ledger=NOW', feed: 'streams=1', isMeant: ofStreams('1') },
  { path: '/streams/4/explain', feed: 'streams=4', isMeant: ofStreams('4') },
  { path: `/users/${user}/streams?limit=200`, feed: `users=${user}`, isMeant: ofUser },
  { path: `/users/${user}/summary`, feed: `users=${user}`, isMeant: ofUser },
  { path: '/summary', feed: 'all=true', isMeant: everything },
  {
    path: '/events?types=stream.withdrawn,stream.fee_collected&limit=1000',
    feed: 'types=stream.withdrawn,stream.fee_collected',
    isMeant: ({ type }) => type === 'stream.withdrawn' || type === 'stream.fee_collected',
  },
]

interface Taken {
  kind: Kind
  data: unknown
  cursor: string
  /** The events that its subscription has brought. */
  heard: string[]
  resets: unknown[]
}

async function takeAndFollow(url: string, kind: Kind, signal: AbortSignal): Promise<Taken> {
  const { checkpoint } = await getJson<{ checkpoint: { ledger: number } }>(`${url}/status`)
  const path = kind.path.replace('NOW', String(checkpoint.ledger))
  const { data, asOf } = await getJson<Answer<unknown>>(url + path)
  const taken: Taken = { kind, data, cursor: asOf.cursor, heard: [], resets: [] }
  const follow = async () => {
    const from = `${url}/events/subscribe?${kind.feed}&cursor=${asOf.cursor}`
    for await (const { event, id, data: frame } of subscribe(from, signal)) {
      if (event.includes('.')) taken.heard.push(id!)
      if (event === 'reset') taken.resets.push(frame)
    }
  }
  follow().catch(() => {})
  return taken
}

/** A snapshot has what the events up to its cursor did, and nothing of later ones. */
function expectUpTo({ kind, data, cursor }: Taken, log: readonly Event[]): void {
  const before = log.filter((event) => event.id <= cursor && kind.isMeant(event))
  if (kind.path.startsWith('/events')) {
    expect((data as Event[]).map(({ id }) => id)).toEqual(before.map(({ id }) => id))
  }
  if (!/\/streams(\?|\/\d+(\?|$))/.test(kind.path)) return
  const changes = before.filter(
    ({ type }) => type.startsWith('stream.') && type !== 'stream.fee_collected',
  )
  const last = new Map(changes.map(({ streamId, id }) => [streamId, id]))
  const streams = [data].flat() as StreamJson[]
  expect(new Map(streams.map(({ streamId, lastEventId }) => [streamId, lastEventId]))).toEqual(last)
}

async function serve(workers: number) {
  const simulator = await simulate(recording, { speed: 0, closed: 10 })
  const databasePath = `${await temporaryFolder()}/shared.db`
  const env = environment(recording, { rpcUrl: simulator.url, databasePath })
  const { url } =
    workers === 1
      ? await startIndexer(env)
      : await launchServer(['start', '--workers', String(workers)], env)
  return { simulator, url }
}

test.each([1, 2])(
  'P6: a snapshot and a subscription from its cursor miss nothing, for every kind of both (%i serving)',
  async (workers) => {
    const { simulator, url } = await serve(workers)
    const leaving = new AbortController()
    onTestFinished(() => leaving.abort())
    await indexed(url, FIRST)
    const asked: Promise<Taken>[] = []
    for (let at = 0; simulator.latestLedger() < LAST - STEP; at += 1) {
      const latest = simulator.closeNext(STEP)
      // While the ledgers are being indexed.
      asked.push(takeAndFollow(url, KINDS[at % KINDS.length]!, leaving.signal))
      await indexed(url, latest - STEP)
    }
    simulator.closeNext(STEP)
    await indexed(url, LAST)
    const all = await Promise.all(asked)
    expect(all.length).toBeGreaterThan(30)
    const { data: log } = await getJson<Answer<Event[]>>(`${url}/events?limit=1000`)
    for (const taken of all) {
      const { kind, cursor, heard } = taken
      const expected = log.filter((event) => event.id > cursor && kind.isMeant(event))
      await until(() => heard.length >= expected.length)
      expect([kind.path, heard]).toEqual([kind.path, expected.map(({ id }) => id)])
      expect(taken.resets).toEqual([])
      expectUpTo(taken, log)
    }
  },
)
