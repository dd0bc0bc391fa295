import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { createAccountReader } from '../../src/daemon/accounts.ts'
import { createEntryKeys } from '../../src/source/entry-keys.ts'
import { serveRpc, status } from '../support/rpc-server.ts'
import type { Reply } from '../support/rpc-server.ts'

const CONTRACT = 'CACO6QXNRDFE6TQSJGTQYAM7FM6YQUBG7XKT7EYEB3ALRTBMVS3A6EK5'
const PASSPHRASE = 'Test SDF Network ; September 2015'
const KEY = 'AAAAAAAAAAAB'
const { instance } = createEntryKeys(CONTRACT)

/** A reader over one RPC that has the contract, and answers `reply` about an account. */
async function readerOver(reply: Reply, passphrase = PASSPHRASE) {
  const rpc = await serveRpc({
    getNetwork: () => ({ result: { passphrase, protocolVersion: 23 } }),
    getLedgerEntries: (params) =>
      JSON.stringify(params).includes(instance) ? entriesOf(instance) : reply,
  })
  const config = {
    contractId: CONTRACT,
    networkPassphrase: PASSPHRASE,
    rpcUrls: [rpc.url],
    rpcAgreement: 1 as const,
    rpcTimeoutSeconds: 20,
  }
  const reader = createAccountReader(config, pino({ level: 'silent' }))
  onTestFinished(reader.close)
  return { read: () => reader.read(KEY, AbortSignal.timeout(60_000)), rpc }
}

function entriesOf(key: string) {
  const entry = { key, xdr: 'AAAA', lastModifiedLedgerSeq: 1 }
  return { result: { entries: [entry], latestLedger: 2 } }
}

test('an account is read from the RPCs, which are asked for the first time then', async () => {
  const { read, rpc } = await readerOver(entriesOf(KEY))
  expect(rpc.connections()).toBe(0)
  expect(await read()).toBe('AAAA')
})

test('an account that the network does not have is undefined', async () => {
  const { read } = await readerOver({ result: { entries: [], latestLedger: 2 } })
  expect(await read()).toBeUndefined()
})

test.for<[string, Reply, string?]>([
  ['fails', status(500)],
  ['answers with an error', { error: { code: -32603, message: 'no' } }],
  ['answers about something else', entriesOf('AAAAAAAAAAAC')],
  ['is of another network', { result: { entries: [], latestLedger: 2 } }, 'Another ; Network'],
])('nothing is known of an account while the only RPC %s', async ([, reply, passphrase]) => {
  const { read } = await readerOver(reply, passphrase)
  await expect(read()).rejects.toThrow(Error)
})
