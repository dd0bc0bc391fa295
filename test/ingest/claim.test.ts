/** A database file is bound to a network and contract by its first page. */
import { describe, expect, test } from 'vitest'
import { encodeAddress } from '../../src/domain/strkey.ts'
import { SourceError, UsageError } from '../../src/domain/errors.ts'
import type { Recording } from '../../src/simulator/recording.ts'
import { claimStore } from '../../src/store/store.ts'
import { ingestion } from '../support/ingestion.ts'
import { createMemoryNode } from '../support/memory-node.ts'
import { loadRecording, memoryStore } from '../support/recordings.ts'

const recording = await loadRecording('quirks')
const { contractId, network } = recording.header
const identity = { networkPassphrase: network.passphrase, contractId }
const last = recording.ledgers.at(-1)!.sequence
/** A contract that is not in the recording. */
const absent = encodeAddress('contract', new Uint8Array(32).fill(7))

const otherNetwork: Recording = {
  ...recording,
  header: {
    ...recording.header,
    network: { ...network, passphrase: 'Another network ; September 2015' },
  },
}

describe('P2: a new database file', () => {
  test('a new file is bound to network and contract in the transaction of its first page', async () => {
    const it = ingestion({ recording, sources: [createMemoryNode(recording).source] })
    expect(it.coverage.identity()).toBeUndefined()
    const seen: unknown[] = []
    await it.catchUp(() => seen.push(it.coverage.identity()))
    expect(seen[0]).toEqual(identity)
  })

  test('a new file stays unbound if the RPC serves another network', async () => {
    const it = ingestion({ recording, sources: [createMemoryNode(otherNetwork).source] })
    const ended = await it.time.during(it.start())
    expect(ended).toBeInstanceOf(UsageError)
    expect(String(ended)).toMatch(/Another network/)
    expect(it.coverage.identity()).toBeUndefined()
  })

  test('a new file stays unbound if the RPC does not have the contract, and the program ends', async () => {
    const header = { ...recording.header, contractId: absent }
    const store = memoryStore()
    const it = ingestion({
      recording: { ...recording, header },
      store,
      sources: [createMemoryNode({ ...recording, header }).source],
    })
    const ended = await it.time.during(it.start())
    expect(ended).toBeInstanceOf(UsageError)
    expect(String(ended)).toMatch(/has no contract .*set .*CONTRACT_ID/)
    expect(store.coverage.identity()).toBeUndefined()
    // Once CONTRACT_ID is corrected, the file can be used.
    claimStore(store, identity)
    const again = ingestion({ recording, store, sources: [createMemoryNode(recording).source] })
    await again.catchUp()
    expect(store.coverage.identity()).toEqual(identity)
  })

  test('a file that an older version bound to the wrong contract can be used while it is empty', async () => {
    const store = memoryStore()
    store.sqlite
      .prepare('insert into identity (id, network_passphrase, contract_id) values (1, ?, ?)')
      .run('Wrong', absent)
    claimStore(store, identity)
    const it = ingestion({ recording, store, sources: [createMemoryNode(recording).source] })
    await it.catchUp()
    expect(store.coverage.identity()).toEqual(identity)
    expect(() => claimStore(store, { ...identity, contractId: absent })).toThrow(
      /belongs to the contract .*CONTRACT_ID/,
    )
  })
})

describe('P9: a refusal of an RPC', () => {
  const refused = () => new SourceError('refused', 'HTTP status 403')

  test('a refusal of one RPC does not end the program while the other is only unreachable', async () => {
    const [a, b] = [createMemoryNode(recording), createMemoryNode(recording)]
    a.fault = refused
    b.fault = () => new SourceError('unreachable', 'connection refused')
    const it = ingestion({ recording, sources: [a.source, b.source] })
    const ended = it.start()
    await it.time.pass(600_000)
    b.fault = () => undefined
    await it.untilReached(last)
    it.stop()
    expect(await it.time.during(ended)).toBe('stopped')
  })

  test('a refusal of all RPCs ends the program if none has ever answered', async () => {
    const nodes = [createMemoryNode(recording), createMemoryNode(recording)]
    for (const node of nodes) node.fault = refused
    const it = ingestion({ recording, sources: nodes.map(({ source }) => source) })
    expect(await it.time.during(it.start())).toBeInstanceOf(UsageError)
  })

  test('a refusal of all RPCs is retried if they have answered before', async () => {
    const node = createMemoryNode(recording)
    node.latest = last - 20
    const it = ingestion({ recording, sources: [node.source] })
    const ended = it.start()
    await it.untilReached(last - 20)
    node.fault = refused
    await it.time.pass(600_000)
    expect(it.ingest.status().lastError).toMatch(/^refused/)
    node.fault = () => undefined
    node.latest = last
    await it.untilReached(last)
    it.stop()
    expect(await it.time.during(ended)).toBe('stopped')
  })

  test('a refusal because the contract is missing is retried if the log has ledgers', async () => {
    const node = createMemoryNode(recording)
    const first = ingestion({ recording, sources: [node.source] })
    node.latest = last - 20
    await first.catchUp()
    const { store } = first
    const header = { ...recording.header, contractId: absent }
    const it = ingestion({
      recording: { ...recording, header },
      store,
      sources: [createMemoryNode(recording).source],
    })
    const ended = it.start()
    await it.time.pass(60_000)
    expect(it.ingest.status().lastError).toMatch(/has no contract/)
    it.stop()
    expect(await it.time.during(ended)).toBe('stopped')
  })
})
