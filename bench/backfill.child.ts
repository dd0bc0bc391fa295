/**
 * Backfill in its own process. Arguments: `ours` or `floor`, rounds, RPC, folder, contract, network.
 * Prints one line of JSON for each round.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { scValToNative, xdr } from '@stellar/stellar-sdk'
import Database from 'better-sqlite3'
import { pino } from 'pino'
import { createDecoder } from '../src/decode/decode.ts'
import { createIngest } from '../src/ingest/ingest.ts'
import { createRpcSource } from '../src/source/rpc/rpc.ts'
import { openStore } from '../src/store/store.ts'

const [which = '', rounds = '', url = '', folder = '', contractId = '', networkPassphrase = ''] =
  process.argv.slice(2)
const PAGE_SIZE = 2_000

for (let round = 0; round < Number(rounds); round += 1) {
  const path = join(folder, `${which}.db`)
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
  const cpu = process.cpuUsage()
  const began = performance.now()
  const events = which === 'ours' ? await ours(path) : await floor(path)
  const { user, system } = process.cpuUsage(cpu)
  const seconds = (performance.now() - began) / 1_000
  process.stdout.write(`${JSON.stringify({ events, seconds, cpu: (user + system) / 1e6 })}\n`)
}

async function ours(path: string): Promise<number> {
  const decode = createDecoder()
  const store = openStore({ path, decode })
  let events = 0
  const ingest = createIngest({
    source: createRpcSource({ url, contractId, timeoutMs: 60_000 }),
    coverage: store.coverage,
    writer: store.writer,
    decode,
    startLedger: 'oldest',
    identity: { networkPassphrase, contractId },
    log: pino({ level: 'silent' }),
    onApplied: () => {},
  })
  const never = new AbortController().signal
  await ingest.catchUp((_page, accepted) => void (events += accepted), never)
  store.close()
  return events
}

/** The least that any indexer must do: parse the same JSON, decode it with the SDK, fill one table. */
async function floor(path: string): Promise<number> {
  const sqlite = new Database(path)
  sqlite.pragma('journal_mode = WAL')
  sqlite.pragma('synchronous = NORMAL')
  sqlite.exec('create table events (id text primary key, topics text, value text)')
  const insert = sqlite.prepare('insert into events values (?, ?, ?)')
  const store = sqlite.transaction((events: Wire[]) => {
    for (const { id, topic, value } of events) {
      for (const text of topic) scValToNative(xdr.ScVal.fromXdr(text, 'base64'))
      scValToNative(xdr.ScVal.fromXdr(value, 'base64'))
      insert.run(id, topic.join(' '), value)
    }
  })
  const filters = [{ contractIds: [contractId] }]
  const { oldestLedger } = await call<{ oldestLedger: number }>('getHealth', {})
  let params: object = { startLedger: oldestLedger, filters, pagination: { limit: PAGE_SIZE } }
  let total = 0
  for (;;) {
    const { events, cursor } = await call<{ events: Wire[]; cursor: string }>('getEvents', params)
    store(events)
    total += events.length
    if (events.length < PAGE_SIZE) break
    params = { filters, pagination: { cursor, limit: PAGE_SIZE } }
  }
  sqlite.close()
  return total
}

interface Wire {
  id: string
  topic: string[]
  value: string
}

async function call<T>(method: string, params: object): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  return ((await response.json()) as { result: T }).result
}
