import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StreamJson } from '../../src/http/json.ts'
import { byId, chainAt } from '../support/chain-records.ts'
import { getJson } from '../support/daemon.ts'
import type { Answer } from '../support/daemon.ts'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'
import { evaluate } from '../support/formula.ts'
import { finalStreams, lastLedger, restRecord } from '../support/recorded.ts'
import { loadRecording, seconds } from '../support/recordings.ts'
import { until } from '../support/until.ts'

interface Step {
  eventId: string | null
  ledger: number
  timestamp: number | null
  transactionHash: string | null
  change: string
  deposited: string
  withdrawn: string
  claimable: string
  formula: string
}

interface Explanation {
  streamId: string
  claimableAmount: string
  steps: Step[]
}

interface Explained extends Answer<Explanation> {
  now: { at: number; claimable: string; formula: string }
}

const recording = await loadRecording('quirks')
const FIRST = recording.header.firstLedger
const LAST = lastLedger(recording)

/** What the contract stored and answered, by stream and ledger. */
const records = new Map(
  recording.ledgers.flatMap(({ sequence, streams = [] }) =>
    streams.map((record) => [`${String(record['streamId'])} ${sequence}`, restRecord(record)]),
  ),
)
const claimables = new Map(
  recording.ledgers.flatMap(({ sequence, claimable = [] }) =>
    claimable.map(([id, amount]) => [`${id} ${sequence}`, amount]),
  ),
)

async function statusOf(url: string): Promise<[number, string]> {
  const response = await fetch(url)
  const { detail = '' } = (await response.json()) as { detail?: string }
  return [response.status, detail]
}

async function explained(url: string, limit: number): Promise<Explained> {
  const first = await getJson<Explained>(`${url}?limit=${limit}`)
  for (let next = first.nextCursor; next;) {
    const page = await getJson<Explained>(`${url}?limit=${limit}&cursor=${next}`)
    first.data.steps.push(...page.data.steps)
    next = page.nextCursor
  }
  return first
}

describe('a log that has everything', () => {
  let daemon: FeedDaemon
  let streams: StreamJson[]

  beforeAll(async () => {
    daemon = await startFeedDaemon({ env: { AUDIT_INTERVAL_SECONDS: '0' } })
    await daemon.indexed()
    ;({ data: streams } = await getJson<Answer<StreamJson[]>>(`${daemon.url}/streams?limit=200`))
  })
  afterAll(() => daemon.close())

  test('P5: a stream as of a ledger is as the contract stored it, and can be claimed as it said', async () => {
    const keys = [...new Set([...records.keys(), ...claimables.keys()])]
    for (const key of keys.filter((_, index) => index % 10 === 0)) {
      const [streamId, sequence] = key.split(' ')
      const url = `${daemon.url}/streams/${streamId}?ledger=${sequence}`
      const { data, asOf } = await getJson<Answer<StreamJson>>(url)
      expect(data).toMatchObject(records.get(key) ?? {})
      const amount = claimables.get(key) ?? data.claimableAmount
      expect([key, data.claimableAmount]).toEqual([key, amount])
      const { closedAt } = recording.ledgers.find((ledger) => ledger.sequence === Number(sequence))!
      expect(asOf).toMatchObject({ ledger: Number(sequence), ledgerClosedAt: closedAt })
      expect(data.lastEventId! <= asOf.cursor).toBe(true)
    }
    expect(keys.length).toBeGreaterThan(300)
  })

  test('as of the newest ledger a stream is as it is now', async () => {
    for (const { streamId } of streams.slice(0, 5)) {
      const url = `${daemon.url}/streams/${streamId}`
      expect(await getJson(`${url}?ledger=${LAST}`)).toEqual(await getJson(url))
    }
  })

  test('before its creation, and at ledgers that were not scanned, a stream is a 404', async () => {
    const late = streams.find(({ createdLedger }) => createdLedger! > FIRST + 5)!
    const url = `${daemon.url}/streams/${late.streamId}`
    expect(await statusOf(`${url}?ledger=${late.createdLedger! - 1}`)).toEqual([
      404,
      expect.stringContaining('did not exist yet'),
    ])
    await getJson(`${url}?ledger=${late.createdLedger}`)
    for (const ledger of [0, FIRST - 1, LAST + 1, 2_147_483_647]) {
      expect(await statusOf(`${url}?ledger=${ledger}`)).toEqual([
        404,
        expect.stringContaining('/status'),
      ])
    }
    const [, unknown] = await statusOf(`${daemon.url}/streams/999999?ledger=${LAST}`)
    expect(await statusOf(`${daemon.url}/streams/999999`)).toEqual([404, unknown])
    expect(await statusOf(`${daemon.url}/streams/999999/explain`)).toEqual([404, unknown])
  })

  test('P5: the steps of a stream add up to its balance, and each agrees with the contract', async () => {
    const all = daemon
      .log()
      .filter(({ type }) => type !== 'stream.fee_collected')
      .map((event) => JSON.parse(event.data) as { id: string; streamId?: string })
    let agreed = 0
    for (const stream of streams.filter((_, index) => index % 2 === 0)) {
      const { streamId } = stream
      const { data, now, asOf } = await explained(`${daemon.url}/streams/${streamId}/explain`, 200)
      const events = all.filter((event) => event.streamId === streamId)
      expect(data.steps.map(({ eventId }) => eventId)).toEqual(events.map(({ id }) => id))
      for (const [index, step] of data.steps.entries()) {
        const { calculated, stated } = evaluate(step.formula)
        expect([step.formula, calculated]).toEqual([step.formula, BigInt(step.claimable)])
        expect(stated).toBe(calculated)
        expect(step.change).toMatch(/^\w.*\w$/)
        expect(step.transactionHash).toMatch(/^[0-9a-f]{64}$/)
        // The contract's record is that after the ledger's last event.
        if (data.steps[index + 1]?.ledger === step.ledger) continue
        const record = records.get(`${streamId} ${step.ledger}`)
        if (record === undefined) continue
        expect([step.deposited, step.withdrawn]).toEqual([
          record.depositedAmount,
          record.withdrawnAmount,
        ])
        const amount = claimables.get(`${streamId} ${step.ledger}`)
        if (amount !== undefined) expect(step.claimable).toBe(amount)
        agreed += 1
      }
      const { claimableAmount } = data
      expect(now.at).toBe(seconds(asOf.ledgerClosedAt!))
      expect(evaluate(now.formula).calculated.toString()).toBe(now.claimable)
      expect([now.claimable, claimableAmount]).toEqual([
        stream.claimableAmount,
        stream.claimableAmount,
      ])
      const last = data.steps.at(-1)!
      expect([last.deposited, last.withdrawn]).toEqual([
        stream.depositedAmount,
        stream.withdrawnAmount,
      ])
    }
    expect(agreed).toBeGreaterThan(100)
  })

  test('pages of an explanation give all its steps', async () => {
    const url = `${daemon.url}/streams/4/explain`
    const whole = await explained(url, 1_000)
    expect(whole.data.steps.length).toBeGreaterThan(10)
    for (const limit of [1, 3, whole.data.steps.length]) {
      expect((await explained(url, limit)).data).toEqual(whole.data)
    }
    const [first] = whole.data.steps
    expect(await getJson(`${url}?after=${first!.eventId}&limit=1000`)).toMatchObject({
      data: { steps: whole.data.steps.slice(1) },
    })
  })

  test('a list of streams can be narrowed to ids, and to a user', async () => {
    const list = (path: string) => getJson<Answer<StreamJson[]>>(daemon.url + path)
    const some = streams.filter((_, index) => index % 4 === 1)
    const ids = some.map(({ streamId }) => streamId)
    const asked = `/streams?streams=${ids.join(',')},999999`
    expect((await list(`${asked}&limit=200`)).data).toEqual(some)
    expect((await list(`${asked}&status=paused&limit=200`)).data).toEqual(
      some.filter(({ status }) => status === 'paused'),
    )
    const first = await list(`${asked}&order=desc&limit=2`)
    const second = await list(`${asked}&order=desc&limit=2&cursor=${first.nextCursor}`)
    expect([...first.data, ...second.data]).toEqual(some.toReversed().slice(0, 4))

    const user = streams[0]!.sender
    const own = streams.filter(({ sender, recipient }) => [sender, recipient].includes(user))
    expect((await list(`/users/${user}/streams?limit=200`)).data).toEqual(own)
    const paths = ['sort=end&order=desc&limit=3', `streams=${ids.join(',')}`, `recipient=${user}`]
    for (const query of paths) {
      expect(await list(`/users/${user}/streams?${query}`)).toEqual(
        await list(`/streams?user=${user}&${query}`),
      )
    }
  })
})

describe('a log that begins long after the contract', () => {
  const BEGIN = FIRST + 60
  let daemon: FeedDaemon

  beforeAll(async () => {
    daemon = await startFeedDaemon({ closed: 80, env: { START_LEDGER: String(BEGIN) } })
    await daemon.indexed()
    const total = chainAt(recording, FIRST + 79).length
    await until(async () => {
      const { data } = await getJson<Answer<unknown[]>>(`${daemon.url}/streams?limit=200`)
      return data.length === total
    })
    daemon.simulator.closeNext(LAST - FIRST - 79)
    await daemon.indexed()
  })
  afterAll(() => daemon.close())

  test('P5: as of any ledger a stream is as on the chain, or a 404 that says what is missing', async () => {
    const outcomes = { found: 0, missing: 0 }
    for (let ledger = BEGIN; ledger <= LAST; ledger += 13) {
      const chain = byId(chainAt(recording, ledger))
      for (const [streamId, record] of [...chain].filter((_, index) => index % 5 === ledger % 5)) {
        const response = await fetch(`${daemon.url}/streams/${streamId}?ledger=${ledger}`)
        const text = await response.text()
        if (response.status === 404) {
          expect(text).toMatch(/may be missing; ask for a later ledger/)
          outcomes.missing += 1
          continue
        }
        expect(response.status, text).toBe(200)
        const { data } = JSON.parse(text) as Answer<StreamJson>
        expect(data.depositedAmount).toBe(record.depositedAmount.toString())
        expect(data.withdrawnAmount).toBe(record.withdrawnAmount.toString())
        expect([data.isActive, data.isPaused]).toEqual([record.isActive, record.paused])
        expect(BigInt(data.lastUpdateTime ?? -1)).toBe(record.lastUpdateTime)
        outcomes.found += 1
      }
    }
    expect(outcomes.found).toBeGreaterThan(30)
    expect(outcomes.missing).toBeGreaterThan(0)
    expect(await statusOf(`${daemon.url}/streams/1?ledger=${BEGIN - 1}`)).toEqual([
      404,
      expect.stringContaining('/status'),
    ])
  })

  test('the explanation of a stream from the chain begins with its record', async () => {
    const { data: streams } = await getJson<Answer<StreamJson[]>>(`${daemon.url}/streams?limit=200`)
    const old = streams.filter(({ origin }) => origin === 'chain')
    expect(old.length).toBeGreaterThan(5)
    for (const stream of old) {
      const url = `${daemon.url}/streams/${stream.streamId}/explain`
      const { data, now } = await explained(url, 1_000)
      const [first, ...others] = data.steps
      expect(first).toMatchObject({ eventId: null, transactionHash: null })
      expect(first!.change).toContain(`at the end of ledger ${first!.ledger}`)
      expect(others.every(({ eventId }) => eventId !== null)).toBe(true)
      const last = data.steps.at(-1)!
      expect([last.deposited, last.withdrawn, now.claimable]).toEqual([
        stream.depositedAmount,
        stream.withdrawnAmount,
        stream.claimableAmount,
      ])
      expect((await explained(url, 1)).data).toEqual(data)
    }
    const records = finalStreams(recording)
    expect(streams).toHaveLength(records.size)
  })
})
