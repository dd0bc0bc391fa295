import { createDecoder } from '../src/decode/decode.ts'
import { endOfLedger } from '../src/domain/cursor.ts'
import { createIngest } from '../src/ingest/ingest.ts'
import { readRecording } from '../src/source/recording.ts'
import { createRecordingSource } from '../src/source/recording-source.ts'
import { claimStore, openStore } from '../src/store/store.ts'
import { pino } from 'pino'

/** Databases larger than any recording: the busy one, over and over, under later ids. */

export const BUSY = 'fixtures/busy.jsonl.gz'

export interface Grown {
  contractId: string
  networkPassphrase: string
  events: number
}

export async function growLog(path: string, atLeast: number): Promise<Grown> {
  const { store, contractId, networkPassphrase, ledgers, firstLedger } = await indexBusy(path)
  const { sqlite } = store
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
  store.close()
  return { contractId, networkPassphrase, events }
}

/** Streams of a few thousand users and one that has a third of them all. */
export async function growStreams(path: string, atLeast: number): Promise<Grown> {
  const { store, contractId, networkPassphrase } = await indexBusy(path)
  const { sqlite } = store
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
  store.close()
  return { contractId, networkPassphrase, events: 0 }
}

async function indexBusy(path: string) {
  const recording = await readRecording(BUSY)
  const { contractId, network, firstLedger } = recording.header
  const decode = createDecoder()
  const store = openStore(path, decode)
  const networkPassphrase = network.passphrase
  claimStore(store, path, { networkPassphrase, contractId })
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
  await ingest.catchUp(new AbortController().signal, () => {})
  const ledgers = (recording.ledgers.at(-1)?.sequence ?? firstLedger) - firstLedger + 1
  return { store, contractId, networkPassphrase, ledgers, firstLedger }
}
