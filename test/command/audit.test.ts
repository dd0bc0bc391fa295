import { PassThrough } from 'node:stream'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { audit } from '../../src/command/audit.ts'
import type { AuditOptions } from '../../src/command/audit.ts'
import { parseConfig } from '../../src/config/config.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import type { SimulatorOptions } from '../../src/simulator/simulator.ts'
import { loadRecording, scannedLedger, storeAt } from '../support/recordings.ts'

const recording = await loadRecording('first-steps')
const { contractId, network } = recording.header
const never = new AbortController().signal

/** A database of the recording, without its first `skip` ledgers, and a node that serves it. */
async function setUp(simulator: Partial<SimulatorOptions> = {}, { skip = 0 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'flowfi-audit-'))
  const path = join(folder, 'flowfi.db')
  const node = await createSimulator({ recording, speed: Number.POSITIVE_INFINITY, ...simulator })
  onTestFinished(async () => {
    await node.close()
    rmSync(folder, { recursive: true })
  })
  // It stays open while the command runs, so it must not hold the lock that the command takes.
  const store = storeAt(path)
  const identity = { networkPassphrase: network.passphrase, contractId }
  for (const ledger of recording.ledgers.slice(skip)) {
    store.writer.apply({ ...scannedLedger(recording, ledger), identity })
  }
  const environment = {
    CONTRACT_ID: contractId,
    NETWORK: network.passphrase,
    RPC_URL: node.url,
    DATABASE_PATH: path,
  }
  async function run(options: AuditOptions = {}, env: object = {}) {
    const out = new PassThrough()
    const terminal = { out, err: new PassThrough(), interactive: false }
    const config = parseConfig({ ...environment, ...env })
    const code = await audit({ config, terminal, version: '0.0.0', signal: never }, options)
    return { code, text: String(out.read()) }
  }
  return { store, run }
}

describe('audit', () => {
  test('audit reports that all streams equal the chain', async () => {
    const { run } = await setUp()
    expect(await run()).toEqual({
      code: 0,
      text: 'as on the chain        3\nin drift               0\nolder than the log     0\nnot comparable yet     0\narchived on the chain  0\n',
    })
  })

  test('P5: drift is shown in a table with exit code 1, for one stream too', async () => {
    const { store, run } = await setUp()
    store.sqlite.exec("update streams set withdrawn_amount = '3', paused = 1 where stream_id = 2")
    const { code, text } = await run()
    expect(code).toBe(1)
    expect(text).toMatch(
      /^stream {2}field +ours +chain +at ledger\n2 +withdrawnAmount +3 +\d+ +\d+\n/,
    )
    expect(text).toMatch(/2 +paused +true +false/)
    expect(text).toContain('--repair')
    expect((await run({ stream: '2' })).code).toBe(1)
    expect((await run({ stream: '1' })).code).toBe(0)
  })

  test('--repair replaces streams in drift', async () => {
    const { store, run } = await setUp()
    store.sqlite.exec("update streams set withdrawn_amount = '3' where stream_id = 2")
    expect(await run({ repair: true })).toMatchObject({
      code: 0,
      text: expect.stringContaining('1 of 1 streams repaired'),
    })
    expect((await run()).code).toBe(0)
  })

  test('P5: streams older than the log are not drift, and --repair adds them', async () => {
    const { run } = await setUp({}, { skip: Math.floor(recording.ledgers.length / 2) })
    const { code, text } = await run()
    expect(code).toBe(0)
    expect(text).toMatch(/^in drift +0$/m)
    expect(text).toMatch(/^older than the log +[1-9]\d*$/m)
    expect(text).toContain('--repair')
    expect((await run({ repair: true })).code).toBe(0)
    expect((await run()).text).toMatch(/^older than the log +0$/m)
  })

  test('an unknown stream, contract, network or database is refused by name', async () => {
    const { run } = await setUp()
    await expect(run({ stream: '99' })).rejects.toThrow(/no stream 99, neither in the database/)
    await expect(run({ stream: 'x' })).rejects.toThrow(/"x" is not the id of a stream/)
    await expect(run({}, { DATABASE_PATH: '/nowhere/flowfi.db' })).rejects.toThrow(/no database/)
    const other = (await loadRecording('lively')).header.contractId
    await expect(run({}, { CONTRACT_ID: other })).rejects.toThrow(/belongs to the contract/)
    await expect(run({}, { NETWORK: 'Another Network' })).rejects.toThrow(/network/)
  })

  test('an RPC that does not answer is not reported as drift', async () => {
    const { run } = await setUp({
      faults: [
        {
          when: { every: 1 },
          method: 'getLedgerEntries',
          fault: { kind: 'error', code: -32_601, message: 'method not found' },
        },
      ],
    })
    await expect(run()).rejects.toThrow(/the chain.s storage could not be read/)
  })
})
