import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { startSandbox } from 'flowfi-indexer/testing'
import type { Recording, Sandbox, SandboxOptions } from 'flowfi-indexer/testing'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { getJson } from '../support/daemon.ts'
import { loadRecording } from '../support/recordings.ts'
import { temporaryFolder } from '../support/process.ts'

const PROJECT = join(import.meta.dirname, '../..')

interface Status {
  version: string
  checkpoint: { ledger: number }
  counts: { events: number }
}

const statusOf = ({ url }: Sandbox) => getJson<Status>(`${url}/status`)

async function start(options: SandboxOptions): Promise<Sandbox> {
  const sandbox = await startSandbox(options)
  onTestFinished(sandbox.close)
  return sandbox
}

describe('a sandbox', () => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await startSandbox({ recording: 'first-steps' })
  })
  afterAll(() => sandbox.close())

  test('starts at the first ledger, and each step is indexed when advance resolves', async () => {
    const { header } = await loadRecording('first-steps')
    const first = header.firstLedger
    expect((await statusOf(sandbox)).checkpoint.ledger).toBe(first)
    await sandbox.advance()
    expect((await statusOf(sandbox)).checkpoint.ledger).toBe(first + 1)
    await sandbox.advance(3)
    expect((await statusOf(sandbox)).checkpoint.ledger).toBe(first + 4)
    await sandbox.advance(0)
    expect((await statusOf(sandbox)).checkpoint.ledger).toBe(first + 4)
  })

  test('has a simulated RPC that has closed the same ledgers', async () => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getLatestLedger' })
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(sandbox.rpcUrl, { method: 'POST', body, headers })
    const { result } = (await response.json()) as { result: { sequence: number } }
    expect(result.sequence).toBe((await statusOf(sandbox)).checkpoint.ledger)
  })

  test('stays at the last ledger of the recording', async () => {
    const { header, ledgers } = await loadRecording('first-steps')
    await sandbox.advance(Number.POSITIVE_INFINITY)
    const { checkpoint, counts } = await statusOf(sandbox)
    expect(checkpoint.ledger).toBe(ledgers.at(-1)!.sequence)
    const events = ledgers.flatMap((ledger) => ledger.events ?? [])
    const own = events.filter((event) => event.contractId === header.contractId)
    expect(counts.events).toBe(own.length)
    await sandbox.advance()
    expect((await statusOf(sandbox)).checkpoint.ledger).toBe(ledgers.at(-1)!.sequence)
    expect((await fetch(`${sandbox.url}/ready`)).status).toBe(200)
  })

  test('refuses what is no number of ledgers', async () => {
    await expect(sandbox.advance(-1)).rejects.toThrow(/advance\(-1\) is invalid/)
    await expect(sandbox.advance(0.5)).rejects.toThrow(/whole number/)
  })
})

test('a recording in memory, and the variables of the daemon', async () => {
  const recording = await loadRecording('first-steps')
  const token = 'a'.repeat(40)
  const sandbox = await start({
    recording,
    env: { ADMIN_TOKEN: token, AUTH: 'jwt', JWT_SECRET: token },
  })
  expect((await fetch(`${sandbox.url}/streams`)).status).toBe(401)
  await sandbox.advance(5)
  const headers = { authorization: `Bearer ${token}` }
  const answer = await fetch(`${sandbox.url}/streams`, { headers })
  const { asOf } = (await answer.json()) as { asOf: { ledger: number } }
  expect(asOf.ledger).toBe(recording.header.firstLedger + 5)
})

test('faults delay what is indexed, and advance waits for it', async () => {
  const sandbox = await start({
    recording: join(PROJECT, 'fixtures/first-steps.jsonl'),
    faults: [
      { when: { call: 1 }, fault: { kind: '503' } },
      { when: { ledger: 1_500_002 }, times: 2, fault: { kind: 'truncated' } },
    ],
  })
  expect((await statusOf(sandbox)).checkpoint.ledger).toBe(1_500_000)
  await sandbox.advance(4)
  expect((await statusOf(sandbox)).checkpoint.ledger).toBe(1_500_004)
})

test('after close nothing answers, nobody waits, and a second close does nothing', async () => {
  const sandbox = await startSandbox({ recording: 'first-steps' })
  const waiting = sandbox.advance(2).then(
    () => 'indexed',
    (error: Error) => error.message,
  )
  await Promise.all([sandbox.close(), sandbox.close()])
  expect(['indexed', 'the sandbox was closed']).toContain(await waiting)
  await sandbox.close()
  await expect(sandbox.advance()).rejects.toThrow('the sandbox was closed')
  await expect(fetch(`${sandbox.url}/health`)).rejects.toThrow(TypeError)
  await expect(fetch(sandbox.rpcUrl)).rejects.toThrow(TypeError)
})

test('what is wrong with the options is said', async () => {
  const broken = { header: {}, ledgers: [] } as unknown as Recording
  await expect(startSandbox({ recording: broken })).rejects.toThrow(/header/)
  await expect(startSandbox({ recording: 'first-step' })).rejects.toThrow(/first-step/)
  const faults = [{ when: { call: 0 }, fault: { kind: 'reset' } }] as const
  await expect(startSandbox({ recording: 'first-steps', faults: [...faults] })).rejects.toThrow(
    /fault script/,
  )
  const env = { PORT: 'many' }
  await expect(startSandbox({ recording: 'first-steps', env })).rejects.toThrow(/PORT="many"/)
})

test('the example in the README passes, and leaves nothing that keeps its process alive', async () => {
  const readme = await readFile(join(PROJECT, 'README.md'), 'utf8')
  const [, example = ''] = /```ts\n([^`]*flowfi-indexer\/testing[^]*?)```/.exec(readme) ?? []
  expect(example.trim().split('\n').length).toBeLessThanOrEqual(13)
  const file = join(await temporaryFolder(), 'example.test.ts')
  const source = pathToFileURL(join(PROJECT, 'src/testing/sandbox.ts')).href
  await writeFile(file, example.replace('flowfi-indexer/testing', source))
  // Compiled code that all tests share.
  const env = { NODE_COMPILE_CACHE: join(PROJECT, 'node_modules/.cache/compiled') }
  const { stdout } = await promisify(execFile)(process.execPath, [file], { env })
  expect(stdout).toMatch(/pass 1\b/)
})
