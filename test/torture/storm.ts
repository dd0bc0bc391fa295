/**
 * The indexer over three RPCs that fail in every way a script of faults knows, killed with SIGKILL
 * now and then. It must not end by itself, `/ready` must not call it ready when it is not, and in
 * the end every row is that of a calm day.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, onTestFinished } from 'vitest'
import type { Recording } from '../../src/source/recording.ts'
import type { FaultScript } from '../../src/source/simulator/faults.ts'
import type { Simulator } from '../../src/source/simulator/server.ts'
import { environment, indexed, simulate } from '../support/daemon.ts'
import { launch, temporaryFolder } from '../support/process.ts'
import type { Program } from '../support/process.ts'
import { lastLedger } from '../support/recorded.ts'
import { differences, ingestUndisturbed, WITHOUT_AUDITS } from './kill.ts'

export interface Storm {
  recording: Recording
  /** How many faults are to strike, at the least. */
  faults: number
  kills: number
  /** Milliseconds between two closings: the slower, the more calls for each ledger. */
  beatMs: number
  seed: number
}

const ENDPOINTS = 3
const MAX_LAG = 5
const TIP_STALL_SECONDS = 5
/** For what is on its way when the time is up. */
const GRACE_MS = 1_000

const KINDS: readonly FaultScript[number]['fault'][] = [
  { kind: 'timeout' },
  { kind: 'timeout', afterMs: 60 },
  { kind: 'reset' },
  { kind: '429', retryAfterSeconds: 0 },
  { kind: '503' },
  { kind: '504' },
  { kind: 'truncated' },
  { kind: 'html' },
  { kind: 'error', code: -32_001, message: '[-32001] request exceeded processing limit threshold' },
  { kind: 'error', code: -32_603, message: 'could not connect to the database' },
  { kind: 'error', code: -32_099, message: 'the dog ate it' },
  { kind: 'latest_backwards', ledgers: 3 },
  { kind: 'retention', ledgers: 1 },
]

interface Reading {
  ready: boolean
  reasons: string[]
  lagLedgers: number | null
}

/** Answers what was seen of `/ready`: how often it was 200 and how often 503. */
export async function surviveStorm({ recording, faults, kills, beatMs, seed }: Storm) {
  const undisturbed = await ingestUndisturbed(recording)
  const [first = [], second = [], third = []] = drawScripts(faults, seed)
  const nodes: Simulator[] = []
  for (const script of [first, second, third]) {
    nodes.push(await simulate(recording, { speed: 0, closed: 1, faults: script }))
  }
  const strikes = countStrikes(nodes, [first, second, third])
  const database = join(await temporaryFolder(), 'storm.db')
  const env = {
    ...environment(recording, nodes.map(({ url }) => url).join(','), database),
    ...WITHOUT_AUDITS,
    LOG_LEVEL: 'info',
    RPC_TIMEOUT_SECONDS: '1',
    READY_MAX_LAG: String(MAX_LAG),
    TIP_STALL_SECONDS: String(TIP_STALL_SECONDS),
  }
  const last = lastLedger(recording)
  /** When which ledger was closed. */
  const closings: { at: number; ledger: number }[] = []
  const seen = { ready: 0, unready: 0 }
  let program: Program
  let url: string

  async function begin(): Promise<void> {
    program = launch(['start'], env)
    ;[, url = ''] = await program.wrote(/"url":"(http:[^"]+)"/)
  }

  /** Closes some ledgers everywhere, and looks at what the indexer says of itself meanwhile. */
  async function goOn(count: number): Promise<void> {
    for (const node of nodes) node.closeNext(count)
    closings.push({ at: performance.now(), ledger: nodes[0]!.latestLedger() })
    await look()
  }

  async function look(): Promise<void> {
    const due = performance.now() - TIP_STALL_SECONDS * 1_000 - GRACE_MS
    const response = await fetch(`${url}/ready`)
    const { ready, reasons, lagLedgers } = (await response.json()) as Reading
    expect([response.status, reasons.length > 0]).toEqual(ready ? [200, false] : [503, true])
    seen[ready ? 'ready' : 'unready'] += 1
    if (!ready) return
    expect(lagLedgers).toBeLessThanOrEqual(MAX_LAG)
    const { checkpoint } = (await (await fetch(`${url}/status`)).json()) as {
      checkpoint: { ledger: number }
    }
    const known = closings.findLast(({ at }) => at < due)?.ledger ?? 0
    expect(checkpoint.ledger).toBeGreaterThanOrEqual(known - MAX_LAG)
  }

  await begin()
  const steps = drawSteps(lastLedger(recording) - nodes[0]!.latestLedger(), kills, seed)
  for (const { count, kill } of steps) {
    await goOn(count)
    if (kill) {
      program!.kill('SIGKILL')
      expect(await program!.ended).toMatchObject({ signal: 'SIGKILL', err: '' })
      await begin()
    }
    // Ledgers close whether or not anybody asks.
    await sleep(beatMs)
  }
  // What is left of the storm blows over an indexer that is at the tip.
  await expect
    .poll(
      async () => {
        await look()
        return strikes()
      },
      { interval: PAUSE_MS, timeout: 240_000 },
    )
    .toBeGreaterThanOrEqual(faults)
  await indexed(url!, last)
  program!.kill('SIGTERM')
  expect(await program!.ended).toMatchObject({ code: 0 })
  const found = Object.values(differences(database, undisturbed)).flat()
  expect(found.filter((row) => !isOfTheSource(row, found))).toEqual([])
  return { ...seen, strikes: strikes() }
}

/**
 * Whether a row is there on both sides but for what was asked of the RPCs beside the events: how far
 * back they keep ledgers, which the storm changes, and until when an entry lives, which is read
 * from the chain where they have forgotten the beginning.
 */
function isOfTheSource(row: unknown, rows: readonly unknown[]): boolean {
  return rows.filter((other) => isDeepStrictEqual(eventsTell(other), eventsTell(row))).length === 2
}

function eventsTell(row: unknown): object {
  return {
    ...(row as object),
    found: null,
    oldest_ledger: null,
    oldest_closed_at: null,
    live_until_ledger: null,
  }
}

/** Between two looks, once everything has closed. */
const PAUSE_MS = 20

/**
 * For each endpoint faults at every other call, as many as there are to be in all. With more,
 * the storm is mostly waiting: endpoints that fail again and again are asked ever less often.
 */
function drawScripts(faults: number, seed: number): FaultScript[] {
  const draw = fc.array(fc.record({ gap: fc.integer({ min: 1, max: 3 }), kind: fc.nat() }), {
    minLength: faults,
    maxLength: faults,
  })
  return fc.sample(fc.noBias(draw), { numRuns: ENDPOINTS, seed }).map((drawn) => {
    // The first calls tell who is there; a server that never answers one is another matter.
    let call = 4
    return drawn.map(({ gap, kind }) => {
      call += gap
      return { when: { call }, method: '*' as const, fault: KINDS[kind % KINDS.length]! }
    })
  })
}

/** Closes all ledgers, a few at a time, with kills in between. */
function drawSteps(ledgers: number, kills: number, seed: number) {
  const steps: { count: number; kill: boolean }[] = []
  const counts = fc.sample(fc.noBias(fc.integer({ min: 0, max: 3 })), { numRuns: ledgers, seed })
  let left = ledgers
  for (const count of counts) {
    steps.push({ count: Math.min(count, left), kill: false })
    left -= Math.min(count, left)
  }
  if (left > 0) steps.push({ count: left, kill: false })
  const every = Math.floor(steps.length / (kills + 1))
  return steps.map((step, at) => ({
    ...step,
    kill: at > 0 && at % every === 0 && at / every <= kills,
  }))
}

function countStrikes(nodes: readonly Simulator[], scripts: readonly FaultScript[]): () => number {
  const calls = new Map(nodes.map(({ url }) => [Number(new URL(url).port), 0]))
  const listener = (message: unknown) => {
    const { localPort = 0 } = (message as { request: IncomingMessage }).request.socket
    const count = calls.get(localPort)
    if (count !== undefined) calls.set(localPort, count + 1)
  }
  subscribe('http.server.request.start', listener)
  onTestFinished(() => void unsubscribe('http.server.request.start', listener))
  return () => {
    const counts = [...calls.values()]
    return scripts.reduce((sum, script, at) => {
      const made = counts[at] ?? 0
      return sum + script.filter(({ when }) => 'call' in when && when.call <= made).length
    }, 0)
  }
}
