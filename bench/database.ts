import Database from 'better-sqlite3'
import { createDecoder } from '../src/decode/decode.ts'
import { endOfLedger } from '../src/domain/cursor.ts'
import { createIngest } from '../src/ingest/ingest.ts'
import { readRecording } from '../src/simulator/recording.ts'
import { createRecordingSource } from '../src/source/recording-source.ts'
import { claimStore, openStore } from '../src/store/store.ts'
import { pino } from 'pino'

/** Databases larger than any recording: copies of the busy recording, with later ids. */

export const BUSY = 'fixtures/busy.jsonl.gz'

export interface Grown {
  contractId: string
  networkPassphrase: string
  events: number
}

export async function growLog(path: string, atLeast: number): Promise<Grown> {
  const { sqlite, contractId, networkPassphrase, ledgers, firstLedger } = await indexBusy(path)
  const count = sqlite.prepare('select count(*) from events').pluck()
  const own = count.get() as number
  const copies = Math.ceil(atLeast / own) - 1
  const shifted = `printf('%019d', cast(substr(id, 1, 19) as integer) + (cast(@shift as integer) << 32)) || substr(id, 20)`
  const copy = sqlite.prepare(
    `insert into events (id, type, stream_id, sender, recipient, data, raw)
     select ${shifted}, type, stream_id, sender, recipient, replace(data, id, ${shifted}), raw
     from events where id < @end`,
  )
  const end = endOfLedger(firstLedger + ledgers - 1)
  sqlite.transaction(() => {
    for (let number = 1; number <= copies; number += 1) copy.run({ shift: number * ledgers, end })
    sqlite.exec('delete from event_counts')
    sqlite.exec('insert into event_counts select type, count(*) from events group by type')
    const last = firstLedger + ledgers * (copies + 1) - 1
    sqlite.prepare('update checkpoint set cursor = ?, ledger = ?').run(endOfLedger(last), last)
    sqlite.prepare('update coverage set to_ledger = ?').run(last)
  })()
  const events = count.get() as number
  sqlite.pragma('wal_checkpoint(TRUNCATE)')
  sqlite.close()
  return { contractId, networkPassphrase, events }
}

/** Streams of a few thousand users, and one user who sends a third of all streams (the whale). */
export async function growStreams(path: string, atLeast: number): Promise<Grown> {
  const { sqlite, contractId, networkPassphrase } = await indexBusy(path)
  const columns = (sqlite.pragma('table_info(streams)') as { name: string }[]).map(
    ({ name }) => name,
  )
  const own = sqlite.prepare('select count(*) from streams').pluck().get() as number
  const changed: Record<string, string> = {
    stream_id: 'cast(cast(stream_id as integer) + cast(@shift as integer) as text)',
    created_order: `printf('%020d', cast(stream_id as integer) + cast(@shift as integer))`,
    start_order: `printf('%020d', cast(start_order as integer) + cast(@shift as integer) % 977)`,
    updated_ledger: 'updated_ledger + cast(@shift as integer) % 991',
    sender: `case when (cast(stream_id as integer) + cast(@shift as integer)) % 3 = 0 then @whale else sender end`,
  }
  const copy = sqlite.prepare(
    `insert into streams (${columns.join(', ')})
     select ${columns.map((name) => changed[name] ?? name).join(', ')} from streams
     where cast(stream_id as integer) <= @own`,
  )
  const whale = sqlite.prepare('select sender from streams limit 1').pluck().get()
  sqlite.transaction(() => {
    for (let number = 1; number < Math.ceil(atLeast / own); number += 1) {
      copy.run({ shift: number * own, whale, own })
    }
  })()
  sqlite.pragma('wal_checkpoint(TRUNCATE)')
  sqlite.close()
  return { contractId, networkPassphrase, events: 0 }
}

export interface Wide extends Grown {
  /** How many ledgers of the recording are in the log; the RPC plays the rest. */
  closed: number
  streams: number
}

/**
 * A log of many streams that ends inside the recording, so that an RPC that plays the rest has the
 * next ledgers. The copies have their own streams and earlier ids.
 */
export async function growBackwards(path: string, atLeast: number): Promise<Wide> {
  const { sqlite, contractId, networkPassphrase, ledgers, firstLedger } = await indexBusy(path, 0.5)
  const count = sqlite.prepare('select count(*) from events').pluck()
  const streams = sqlite.prepare('select count(*) from streams').pluck()
  const [own, ownStreams] = [count.get() as number, streams.get() as number]
  const copies = Math.ceil(atLeast / own) - 1
  const shifted = `printf('%019d', cast(substr(id, 1, 19) as integer) - (cast(@shift as integer) << 32)) || substr(id, 20)`
  const stream = `cast(cast(stream_id as integer) + cast(@streams as integer) as text)`
  const named = (id: string) => `'"streamId":"' || ${id} || '"'`
  const copy = sqlite.prepare(
    `insert into events (id, type, stream_id, sender, recipient, data, raw)
     select ${shifted}, type, ${stream}, sender, recipient,
       replace(replace(data, id, ${shifted}),
         ${named("coalesce(stream_id, '')")}, ${named(`coalesce(${stream}, '')`)}), raw
     from events where id > @begin`,
  )
  const columns = (sqlite.pragma('table_info(streams)') as { name: string }[])
    .map(({ name }) => name)
    .filter((name) => name !== 'stream_id' && name !== 'created_order')
  const order = `printf('%020d', cast(stream_id as integer) + cast(@streams as integer))`
  const copyStreams = sqlite.prepare(
    `insert into streams (stream_id, created_order, ${columns.join(', ')})
     select ${stream}, ${order}, ${columns.join(', ')} from streams
     where cast(stream_id as integer) < ${FAR}`,
  )
  const begin = endOfLedger(firstLedger - 1)
  const first = firstLedger - ledgers * copies
  sqlite.transaction(() => {
    for (let number = 1; number <= copies; number += 1) {
      // Copies may share streams: only the numbers of events and streams matter.
      const set = 1 + (number % STREAM_COPIES)
      copy.run({ shift: number * ledgers, streams: set * FAR, begin })
    }
    for (let set = 1; set <= STREAM_COPIES; set += 1) copyStreams.run({ streams: set * FAR })
    sqlite.exec('delete from event_counts')
    sqlite.exec('insert into event_counts select type, count(*) from events group by type')
    sqlite.prepare('update coverage set from_ledger = ?').run(first)
  })()
  const grown = { events: count.get() as number, streams: streams.get() as number }
  sqlite.pragma('wal_checkpoint(TRUNCATE)')
  sqlite.close()
  if (grown.streams <= ownStreams) throw new Error('no streams were copied')
  return { contractId, networkPassphrase, closed: ledgers, ...grown }
}

/** Larger than every stream id of the recording. */
const FAR = 1_000_000
const STREAM_COPIES = 25

/** `share`: how much of the recording, from its first ledger. */
async function indexBusy(path: string, share = 1) {
  const whole = await readRecording(BUSY)
  const kept = whole.ledgers.slice(0, Math.floor(share * whole.ledgers.length))
  const recording = { ...whole, ledgers: kept }
  const { contractId, network, firstLedger } = recording.header
  const decode = createDecoder()
  const store = openStore({ path, decode })
  const networkPassphrase = network.passphrase
  claimStore(store, { networkPassphrase, contractId })
  const ingest = createIngest({
    source: createRecordingSource(recording, contractId),
    coverage: store.coverage,
    writer: store.writer,
    decode,
    startLedger: 'oldest',
    identity: { networkPassphrase, contractId },
    log: pino({ level: 'silent' }),
    onApplied: () => {},
  })
  await ingest.catchUp(() => {}, new AbortController().signal)
  const ledgers = (recording.ledgers.at(-1)?.sequence ?? firstLedger) - firstLedger + 1
  store.close()
  return { sqlite: new Database(path), contractId, networkPassphrase, ledgers, firstLedger }
}
