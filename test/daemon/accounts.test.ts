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
async function readerOver(
  reply: Reply | (() => Reply),
  { passphrase = PASSPHRASE, latest = 2, tip = 2 }: Setup = {},
) {
  const rpc = await serveRpc({
    getNetwork: () => ({ result: { passphrase, protocolVersion: 23 } }),
    getLedgerEntries: (params) =>
      JSON.stringify(params).includes(instance)
        ? entriesOf(instance)
        : typeof reply === 'function' && reply.length === 0
          ? (reply as () => Reply)()
          : reply,
    getHealth: () => ({
      result: {
        status: 'healthy',
        latestLedger: latest,
        oldestLedger: 1,
        ledgerRetentionWindow: 100_000,
      },
    }),
  })
  const config = {
    contractId: CONTRACT,
    networkPassphrase: PASSPHRASE,
    rpcUrls: [rpc.url],
    rpcAgreement: 1 as const,
    rpcTimeoutSeconds: 20,
  }
  const logger = pino({ level: 'silent' })
  const reader = createAccountReader({ config, logger, tip: () => tip })
  onTestFinished(reader.close)
  return { read: () => reader.read(KEY, AbortSignal.timeout(60_000)), rpc }
}

interface Setup {
  passphrase?: string
  /** The newest ledger of the RPC, as it says itself. */
  latest?: number
  /** The newest ledger that the log knows of. */
  tip?: number
}

function entriesOf(key: string, { xdr = 'AAAA', latestLedger = 2 } = {}) {
  const entry = { key, xdr, lastModifiedLedgerSeq: 1 }
  return { result: { entries: [entry], latestLedger } }
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
  const { read } = await readerOver(reply, passphrase === undefined ? {} : { passphrase })
  await expect(read()).rejects.toThrow(Error)
})

test('nothing is known of an account while the only RPC lags behind the log', async () => {
  const { read } = await readerOver(entriesOf(KEY), { latest: 89, tip: 100 })
  await expect(read()).rejects.toThrow('lags')
})

test('an RPC is asked again if only its answer is older than the log', async () => {
  const replies = [
    entriesOf(KEY, { latestLedger: 80 }),
    entriesOf(KEY, { xdr: 'AAAB', latestLedger: 99 }),
  ]
  const { read } = await readerOver(() => replies.shift()!, { latest: 99, tip: 100 })
  expect(await read()).toBe('AAAB')
})
