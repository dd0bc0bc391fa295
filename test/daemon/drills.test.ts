import { nativeToScVal, xdr } from '@stellar/stellar-sdk'
import { describe, expect, test } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import type { StreamJson } from '../../src/http/json.ts'
import type { RecordedLedger, Recording, WireEvent } from '../../src/simulator/recording.ts'
import { byId, chainAt, recordsOf } from '../support/chain-records.ts'
import { getJson, indexed, setUp } from '../support/daemon.ts'
import { subscribe } from '../support/feed/client.ts'
import { dump, loadRecording, memoryStore, scannedLedger, storeAt } from '../support/recordings.ts'

/** Rare events in the life of an indexer, on the whole daemon. */

const quirks = await loadRecording('quirks')
const firstSteps = await loadRecording('first-steps')
const decode = createDecoder()

const TWO_DAYS = 34_560

describe('a quiet contract', () => {
  test('P3: an event after two quiet days is indexed, and /ready is 200 all the time', async () => {
    const { daemon, simulator } = await setUp(withQuietBefore(firstSteps, TWO_DAYS), {
      simulator: {
        speed: 0,
        closed: 1,
      },
    })
    const first = firstSteps.header.firstLedger
    await indexed(daemon.url, first)
    const heard = firstEventOf(`${daemon.url}/events/subscribe?all=true`)
    const ready = async () => (await fetch(`${daemon.url}/ready`)).status
    // Half of the time in steps, the other half at once, as after the machine was suspended.
    for (let done = 0; done < TWO_DAYS / 2; done += TWO_DAYS / 8) {
      simulator.closeNext(TWO_DAYS / 8)
      await indexed(daemon.url, simulator.latestLedger())
      expect(await ready()).toBe(200)
    }
    simulator.closeNext(TWO_DAYS)
    const { event, data } = (await heard)!
    expect([event, data['ledger']]).toEqual(['stream.created', first + TWO_DAYS])
    const status = await getJson<{ coverage: unknown; counts: unknown }>(`${daemon.url}/status`)
    expect(status).toMatchObject({
      checkpoint: { ledger: first + TWO_DAYS },
      coverage: [[first, first + TWO_DAYS]],
      counts: { events: 1, streams: 1 },
    })
    expect(await ready()).toBe(200)
  })
})

async function firstEventOf(url: string) {
  for await (const frame of subscribe(url)) {
    if (frame.event.startsWith('stream.')) return frame
  }
  return undefined
}

/** A recording with one event: its first stream, created `quiet` ledgers after the beginning. */
function withQuietBefore({ header, ledgers }: Recording, quiet: number): Recording {
  const busy = ledgers.find(({ events = [] }) => events.some((event) => isCreation(event)))!
  const sequence = header.firstLedger + quiet
  const closedAt = new Date(Date.parse(header.firstClosedAt) + quiet * 5_000)
  const instant = `${closedAt.toISOString().slice(0, 19)}Z`
  const toid = (BigInt(sequence) << 32n) + 4_096n
  const event = busy.events!.find((each) => isCreation(each))!
  const moved: WireEvent = {
    ...event,
    id: `${toid.toString().padStart(19, '0')}-0000000001`,
    ledger: sequence,
    ledgerClosedAt: instant,
  }
  // The contract exists from the beginning.
  const deployed = { ...ledgers[0]!, sequence: header.firstLedger, events: [] }
  return {
    header,
    ledgers: [deployed, { ...busy, sequence, closedAt: instant, events: [moved] }],
  }
}

const isCreation = (event: WireEvent) => decode(asRaw(event)).type === 'stream.created'

function asRaw({ id, type, contractId, ledger, txHash, topic = [], value }: WireEvent) {
  return {
    id,
    type,
    contractId,
    ledger,
    timestamp: 0,
    transactionHash: txHash,
    topics: topic,
    value,
  }
}

describe('an upgrade of the contract that the decoder does not know', () => {
  /** Each changes one event of a busy ledger, in the order of the ledger's events. */
  const changes: ((event: WireEvent) => WireEvent)[] = [
    (event) => ({ ...event, topic: [base64(symbol('stream_split')), ...event.topic!.slice(1)] }),
    (event) => withFields(event, (fields) => fields.delete('amount')),
    (event) => withFields(event, (fields) => fields.set('amount', nativeToScVal('many'))),
    (event) => ({
      ...withFields(event, (fields) => fields.set('zeal', nativeToScVal(7n, { type: 'u64' }))),
      topic: [...event.topic!, base64(symbol('more'))],
    }),
  ]
  /** Unknown symbol, missing field, field of another type. The additional field is ignored. */
  const UNREADABLE = 3
  const busy = quirks.ledgers.find((ledger) => eventsWithAmount(ledger).length >= changes.length)!
  const changed = eventsWithAmount(busy).slice(0, changes.length)
  const originals = new Map(changed.map((event) => [event.id, event]))
  const upgraded: Recording = {
    ...quirks,
    ledgers: quirks.ledgers.map((ledger) => ({
      ...ledger,
      ...(ledger.events && {
        events: ledger.events.map((event) => {
          const at = changed.indexOf(event)
          return at === -1 ? event : changes[at]!(event)
        }),
      }),
    })),
  }
  const ids = changed.slice(0, UNREADABLE).map(({ id }) => id)
  const last = quirks.ledgers.at(-1)!.sequence

  function undisturbed() {
    const store = memoryStore()
    for (const ledger of quirks.ledgers) store.writer.apply(scannedLedger(quirks, ledger))
    return store
  }

  test('P4: unknown events are kept and shown, streams are repaired, and a newer decoder reads them', async () => {
    const { daemon, env } = await setUp(upgraded)
    await indexed(daemon.url, last)
    const whole = undisturbed()

    // REST and the feed show them, and only as unrecognised.
    const url = `${daemon.url}/events?types=unrecognised`
    const { data } = await getJson<{ data: { id: string; reason: string }[] }>(url)
    expect(data.map(({ id }) => id)).toEqual(ids)
    expect(data.map(({ reason }) => reason)).toEqual([
      'unknown event "stream_split"',
      expect.stringContaining('amount') as string,
      expect.stringContaining('amount') as string,
    ])
    const heard: string[] = []
    const feed = `${daemon.url}/events/subscribe?types=unrecognised&cursor=earliest`
    for await (const { event, id } of subscribe(feed)) {
      if (event === 'caught_up') break
      if (event === 'unrecognised') heard.push(id!)
    }
    expect(heard).toEqual(ids)
    const all = await getJson<{ data: { id: string }[] }>(`${daemon.url}/events?limit=1000`)
    const others = dump(whole)['events'] as { id: string; data: string }[]
    const neighbours = others.filter(({ id }) => !ids.includes(id)).slice(0, all.data.length - 3)
    const readable = all.data.filter(({ id }) => !ids.includes(id))
    expect(readable).toEqual(neighbours.map(({ data: text }) => JSON.parse(text) as unknown))

    // Audits find and repair the streams that they changed.
    await expect
      .poll(() => getJson(`${daemon.url}/audit`))
      .toMatchObject({ last: { counts: { not_yet: 0 } }, driftTotal: expect.any(Number) as number })
    const audit = await getJson<{ repairedTotal: number; driftTotal: number }>(
      `${daemon.url}/audit`,
    )
    expect(audit.driftTotal).toBeGreaterThan(0)
    expect(audit.repairedTotal).toBe(audit.driftTotal)
    const { data: streams } = await getJson<{ data: StreamJson[] }>(
      `${daemon.url}/streams?limit=200`,
    )
    const records = byId(chainAt(quirks, last))
    expect(streams).toHaveLength(records.size)
    for (const { streamId, withdrawnAmount, depositedAmount } of streams) {
      const record = records.get(BigInt(streamId))!
      expect([streamId, withdrawnAmount, depositedAmount]).toEqual([
        streamId,
        record.withdrawnAmount.toString(),
        record.depositedAmount.toString(),
      ])
    }
    await daemon.close()

    // A decoder that knows them decodes them, and their ids stay.
    const better: typeof decode = (raw) => {
      const original = originals.get(raw.id)
      if (original === undefined) return decode(raw)
      return decode({ ...raw, topics: original.topic!, value: original.value })
    }
    const store = storeAt(env['DATABASE_PATH']!, better)
    expect(store.writer.rebuild()).toMatchObject({ recognised: UNREADABLE, unrecognised: 0 })
    const readOf = ({ id, data: text }: { id: string; data: string }) => [id, text]
    expect((dump(store)['events'] as typeof others).map(readOf)).toEqual(others.map(readOf))
    expect(recordsOf(store)).toEqual(records)
    store.close()
    whole.close()
  })
})

function eventsWithAmount({ events = [] }: RecordedLedger): WireEvent[] {
  return events.filter((event) => {
    const { type } = decode(asRaw(event))
    return type === 'stream.topped_up' || type === 'stream.withdrawn'
  })
}

function withFields(
  event: WireEvent,
  change: (fields: Map<string, xdr.ScVal>) => unknown,
): WireEvent {
  const { map } = xdr.ScVal.fromXdr(event.value, 'base64') as unknown as {
    map: { key: { sym: unknown }; val: xdr.ScVal }[]
  }
  const fields = new Map(map.map(({ key, val }) => [String(key.sym), val]))
  change(fields)
  const names = [...fields.keys()].toSorted()
  const value = nativeToScVal(Object.fromEntries(names.map((name) => [name, fields.get(name)])), {
    type: Object.fromEntries(names.map((name) => [name, ['symbol', null]])),
  })
  return { ...event, value: base64(value) }
}

function symbol(text: string): xdr.ScVal {
  return nativeToScVal(text, { type: 'symbol' })
}

function base64(value: xdr.ScVal): string {
  return value.toXdr('base64')
}
