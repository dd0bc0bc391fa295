import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { UsageError } from '../../src/domain/errors.ts'
import { createLedgerHeaders } from '../../src/source/rpc/ledger-headers.ts'
import { recordLedgers } from '../../src/source/rpc/recorder.ts'
import type { RecordOptions } from '../../src/source/rpc/recorder.ts'
import { createRpcClient } from '../../src/source/rpc/client.ts'
import type { RpcClient } from '../../src/source/rpc/client.ts'
import type { LedgerHeader } from '../../src/source/source.ts'
import { readRecording } from '../../src/simulator/recording.ts'
import type { Recording } from '../../src/simulator/recording.ts'
import type { FaultScript } from '../../src/simulator/faults.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import type { Simulator } from '../../src/simulator/simulator.ts'
import { loadRecording, rawEvents } from '../support/recordings.ts'
import type { RecordingName } from '../support/recordings.ts'

const never = new AbortController().signal

let folder: string
let simulator: Simulator
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recorder-'))
})
afterEach(async () => {
  await simulator.close()
  await rm(folder, { recursive: true })
})

/** An RPC that serves a recording, and the options to record all of it again. */
async function serve(name: RecordingName, faults: FaultScript = []) {
  const original = await loadRecording(name)
  simulator = await createSimulator({
    recording: original,
    speed: Number.POSITIVE_INFINITY,
    retentionWindow: 1_000_000,
    faults,
  })
  const options: RecordOptions = {
    rpcUrl: simulator.url,
    timeoutMs: 60_000,
    contractId: original.header.contractId,
    from: original.header.firstLedger,
    to: original.ledgers.at(-1)!.sequence,
    path: join(folder, 'again.jsonl'),
  }
  return { original, options }
}

function eventsIn(recording: Recording, { from, to }: RecordOptions) {
  return recording.ledgers
    .filter(({ sequence }) => sequence >= from && sequence <= to)
    .flatMap(({ events = [] }) => events)
    .filter(({ contractId }) => contractId === recording.header.contractId)
}

describe('a recording from an RPC', () => {
  test.each<[RecordingName, string]>([
    ['first-steps', 'again.jsonl'],
    ['first-steps', 'again.jsonl.gz'],
    ['quirks', 'again.jsonl.gz'],
    ['month', 'again.jsonl.gz'],
  ])('of %s, as %s, holds the contract’s events to the letter', async (name, file) => {
    const { original, options } = await serve(name)
    const path = join(folder, file)
    const recorded = await recordLedgers({ ...options, path }, never)
    const again = await readRecording(path)
    const { network, contractId, firstLedger, firstClosedAt } = original.header
    expect(again.header).toMatchObject({ name: 'again', network, contractId, firstLedger })
    expect(again.header.firstClosedAt).toBe(firstClosedAt)
    expect(again.ledgers.flatMap(({ events = [] }) => events)).toEqual(eventsIn(original, options))
    const heads = new Map(original.ledgers.map((ledger) => [ledger.sequence, ledger]))
    for (const { sequence, hash, closedAt } of again.ledgers) {
      const head = heads.get(sequence)
      if (head !== undefined) expect({ hash, closedAt }).toEqual(pick(head))
    }
    const events = again.ledgers.flatMap((ledger) => rawEvents(again, ledger)).length
    expect(recorded).toEqual({ ledgers: again.ledgers.length, events })
    expect(await readdir(folder)).toEqual([file])
  })

  test('it has the requested range, with a line for its first and last ledger even if they are empty', async () => {
    const { original, options } = await serve('quirks')
    const busy = new Set(eventsIn(original, options).map(({ ledger }) => ledger))
    const quiet = Array.from(
      { length: options.to - options.from },
      (_, index) => options.from + index,
    ).filter((sequence) => !busy.has(sequence))
    const range = { ...options, from: quiet.at(0)!, to: quiet.at(-1)! }
    await recordLedgers(range, never)
    const again = await readRecording(options.path)
    expect(again.header.firstLedger).toBe(range.from)
    expect(again.ledgers.at(0)).toMatchObject({ sequence: range.from })
    expect(again.ledgers.at(0)).not.toHaveProperty('events')
    expect(again.ledgers.at(-1)).toMatchObject({ sequence: range.to })
    expect(again.ledgers.flatMap(({ events = [] }) => events)).toEqual(eventsIn(original, range))
  })

  test('it is complete if the range ends where a scan window ends', async () => {
    const { original, options } = await serve('month')
    const to = eventsIn(original, options).find(
      ({ ledger }) => ledger >= options.from + 10_000,
    )!.ledger
    const range = { ...options, from: to - 10_000, to }
    await recordLedgers(range, never)
    const { ledgers } = await readRecording(options.path)
    expect(ledgers.flatMap(({ events = [] }) => events)).toEqual(eventsIn(original, range))
    expect(ledgers.at(-1)?.events).not.toBeUndefined()
  })

  test.each<[string, FaultScript]>([
    ['is unhealthy', [{ when: { every: 1 }, fault: { kind: 'unhealthy' } }]],
    [
      'has not enough time for ten thousand ledgers',
      [{ when: { every: 1 }, fault: { kind: 'slow', ledgers: 3_000 } }],
    ],
  ])('it can be made from a server that %s', async (_, faults) => {
    const { original, options } = await serve('month', faults)
    const range = { ...options, to: options.from + 30_000 }
    await recordLedgers(range, never)
    const { ledgers } = await readRecording(options.path)
    expect(ledgers.flatMap(({ events = [] }) => events)).toEqual(eventsIn(original, range))
  })

  test('it reports its progress', async () => {
    const { options } = await serve('month')
    const seen: [number, number][] = []
    const onProgress = (ledger: number, events: number) => seen.push([ledger, events])
    const { events } = await recordLedgers({ ...options, onProgress }, never)
    expect(seen.at(-1)).toEqual([options.to, events])
    expect(seen).toEqual(seen.toSorted(([a], [b]) => a - b))
    expect(seen.length).toBeGreaterThan(50)
  })

  test('without getLedgers it has made-up hashes, the same each time', async () => {
    const fault = { kind: 'error', code: -32601, message: 'method not found' } as const
    const { original, options } = await serve('first-steps', [
      { when: { every: 1 }, method: 'getLedgers', fault },
    ])
    const ledgers = eventsIn(original, options).map(({ ledger }) => ledger)
    const range = { ...options, from: ledgers.at(0)!, to: ledgers.at(-1)! }
    await recordLedgers(range, never)
    const { ledgers: again } = await readRecording(options.path)
    expect(again.map(({ hash }) => hash)).toEqual(
      again.map(() => expect.stringMatching(/^[0-9a-f]{64}$/)),
    )
    const closeTimes = new Map(original.ledgers.map((each) => [each.sequence, each.closedAt]))
    for (const { sequence, closedAt } of again) expect(closedAt).toBe(closeTimes.get(sequence))
    const text = await readFile(options.path, 'utf8')
    await recordLedgers(range, never)
    expect(await readFile(options.path, 'utf8')).toBe(text)
  })
})

describe('ledger headers', () => {
  /** The headers of `wanted`, and how many ledgers each call asked for. */
  async function headersOf(wanted: readonly number[]) {
    const direct = createRpcClient(simulator.url, 60_000)
    const asked: number[] = []
    const client: RpcClient = {
      call(call, signal) {
        const { pagination } = call.params as { pagination: { limit: number } }
        asked.push(pagination.limit)
        return direct.call(call, signal)
      },
    }
    const headers = createLedgerHeaders(client, wanted)
    const found: LedgerHeader[] = []
    for (const sequence of wanted) found.push(await headers.read(sequence, never))
    return { found, asked }
  }
  const range = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index)

  test('two hundred ledgers are asked for in one call', async () => {
    const { original, options } = await serve('lively')
    const { found, asked } = await headersOf(range(options.from, options.to))
    expect(asked).toEqual([200, original.ledgers.length - 200])
    expect(found.map(({ hash }) => hash)).toEqual(original.ledgers.map(({ hash }) => hash))
  })

  test('fewer ledgers are asked for if the server cannot answer so many', async () => {
    await serve('lively', [
      { when: { call: 1 }, method: 'getLedgers', fault: { kind: '504' } },
      { when: { call: 2 }, method: 'getLedgers', fault: { kind: 'truncated' } },
      {
        when: { call: 3 },
        method: 'getLedgers',
        fault: { kind: 'error', code: -32600, message: 'limit must not exceed 3' },
      },
    ])
    const { asked } = await headersOf(range(2_000_000, 2_000_099))
    expect(asked.slice(0, 5)).toEqual([100, 25, 7, 3, 3])
    expect(asked).toHaveLength(3 + Math.ceil(100 / 3))
  })

  test('ledgers far from each other are asked for in separate calls', async () => {
    await serve('lively')
    const { found, asked } = await headersOf([
      2_000_000, 2_000_005, 2_000_100, 2_000_200, 2_000_211,
    ])
    expect(asked).toEqual([6, 1, 12])
    expect(found.map(({ sequence }) => sequence)).toEqual([
      2_000_000, 2_000_005, 2_000_100, 2_000_200, 2_000_211,
    ])
  })
})

describe('a recording that cannot be made', () => {
  test.each<[string, (options: RecordOptions) => Partial<RecordOptions>, RegExp]>([
    [
      'a range that ends after the tip',
      ({ to }) => ({ to: to + 1 }),
      /the RPC has only ledgers \d+ to \d+/,
    ],
    [
      'a range that begins before the oldest ledger',
      ({ from }) => ({ from: from - 1 }),
      /the RPC has only ledgers \d+ to \d+/,
    ],
    ['a range that ends before it begins', ({ from, to }) => ({ from: to, to: from }), /swap them/],
    [
      'a file in a missing folder',
      () => ({ path: join(folder, 'none', 'a.jsonl') }),
      /cannot write .*ENOENT/,
    ],
    [
      'a gzip file in a missing folder',
      () => ({ path: join(folder, 'none', 'a.jsonl.gz') }),
      /cannot write/,
    ],
  ])('%s is refused, and no file is left', async (_, change, message) => {
    const { options } = await serve('first-steps')
    const error = await recordLedgers({ ...options, ...change(options) }, never).catch(
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(UsageError)
    expect((error as UsageError).message).toMatch(message)
    expect(await readdir(folder)).toEqual([])
  })

  test.each(['getEvents', 'getLedgers'] as const)(
    'if %s fails half-way, the file that was there stays',
    async (method) => {
      const { options } = await serve('first-steps', [
        { when: { call: 1 }, method, fault: { kind: 'reset' } },
      ])
      await writeFile(options.path, 'before')
      await expect(recordLedgers(options, never)).rejects.toMatchObject({ fault: 'unreachable' })
      expect(await readFile(options.path, 'utf8')).toBe('before')
      expect(await readdir(folder)).toEqual(['again.jsonl'])
    },
  )

  test('after an abort no file is left', async () => {
    const { options } = await serve('month')
    const stopping = new AbortController()
    const reason = new Error('stop')
    const onProgress = () => stopping.abort(reason)
    await expect(recordLedgers({ ...options, onProgress }, stopping.signal)).rejects.toBe(reason)
    expect(await readdir(folder)).toEqual([])
  })
})

function pick({ hash, closedAt }: { hash: string; closedAt: string }) {
  return { hash, closedAt }
}
