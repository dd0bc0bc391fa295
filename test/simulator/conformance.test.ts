/**
 * The simulator against the recorded answers of the real server's own code
 * (fixtures/rpc/conformance.jsonl.gz): each pair is a node's state, a request and the answer.
 */
import { readFileSync } from 'node:fs'
import { type IncomingMessage, request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Recording, readRecording, type WireEvent } from '../../src/simulator/recording.ts'
import { parseJson } from '../../src/simulator/node/go-json.ts'
import { createLedgers, type Ledgers } from '../../src/simulator/node/ledgers.ts'
import { answerRequest, type RpcAnswer, type RpcRequest } from '../../src/simulator/node/methods.ts'
import { DEFAULT_SETTINGS, type NodeSettings, nodeAt } from '../../src/simulator/node/node.ts'
import { createSimulator, type Simulator } from '../../src/simulator/simulator.ts'

interface HttpRequest {
  method: string
  path?: string
  headers?: Record<string, string>
  body?: string
  bodyIs?: string
}

interface Pair {
  name: string
  recording: string
  node: { latest?: number; oldest?: number; config?: Record<string, string | number> }
  request: RpcRequest & { http?: HttpRequest }
  status: number
  response?: Response
  responseText?: string
  contentType?: string
}

interface Response {
  result?: Result | undefined
  error?: { code: number; message: string; data?: unknown }
}

type Result = Record<string, unknown> & {
  events?: WireEvent[] | undefined
  ledgers?: Record<string, unknown>[] | undefined
  latestLedgerCloseTime?: string
}

const lines = gunzipSync(readFileSync('fixtures/rpc/conformance.jsonl.gz'))
  .toString()
  .trim()
  .split('\n')
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the header describes the shape
const [header, ...pairs] = lines.map(parseJson) as [
  { pairs: number; txHashes: Record<string, string> },
  ...Pair[],
]

/** The pairs that cannot be covered, by name, and why. */
const NOT_COVERED: [reason: string, names: RegExp][] = [
  ['a method that a recording cannot answer', /\/transactions\/|\/method\/getVersionInfo$/],
  ['the database was closed under the server', /\/growing\/\d+-db-closed(?!-health)/],
  ["the server's own time and queue limits", /\/limiter\//],
  ['an answer of the stubbed stellar-core', /\/getLedgerEntries\/(archived|core-fails)$/],
  ['hashes of ledgers that were never recorded', /^made\/getLedgers$/],
]

const reasonFor = (pair: Pair) => NOT_COVERED.find(([, names]) => names.test(pair.name))?.[0]
const covered = pairs.filter((pair) => reasonFor(pair) === undefined)
const overRpc = covered.filter(({ request }) => request.http === undefined)
const overHttp = covered.filter(({ request }) => request.http !== undefined)

const isAboutXdr = ({ response }: Pair) =>
  /^(decoding |input not fully consumed)/.test(String(response?.error?.data))

test('every pair is covered, except for a known number', () => {
  const byReason = Map.groupBy(pairs, (pair) => reasonFor(pair) ?? 'covered')
  expect(Object.fromEntries([...byReason].map(([reason, { length }]) => [reason, length]))).toEqual(
    {
      covered: 699,
      'a method that a recording cannot answer': 7,
      'an answer of the stubbed stellar-core': 2,
      'hashes of ledgers that were never recorded': 1,
      'the database was closed under the server': 4,
      "the server's own time and queue limits": 4,
    },
  )
  expect([pairs.length, overRpc.length, overHttp.length]).toEqual([header.pairs, 641, 58])
  expect(overRpc.filter(isAboutXdr)).toHaveLength(12)
})

describe('over JSON-RPC', () => {
  let recordings: Map<string, Ledgers>
  beforeAll(async () => {
    const files = ['first-steps.jsonl', 'quirks.jsonl.gz', 'month.jsonl.gz']
    const read = await Promise.all(files.map((file) => readRecording(`fixtures/${file}`)))
    recordings = new Map(read.map((each) => [each.header.name, createLedgers(each)]))
  })

  test.each(overRpc)('$name', (pair) => {
    const name = pair.recording === 'empty' ? 'first-steps' : pair.recording
    const ledgers = recordings.get(name) ?? createLedgers(madeRecording(pair))
    const settings = settingsOf(pair, ledgers)
    const node = nodeAt(ledgers, { latest: pair.node.latest ?? 0, settings })
    const given = decoded(answerRequest(node, pair.request))
    expect(comparable(given, pair)).toEqual(comparable(pair.response, pair))
  })
})

describe('over HTTP', () => {
  let simulator: Simulator
  beforeAll(async () => {
    const recording = await readRecording('fixtures/first-steps.jsonl')
    simulator = await createSimulator({ recording, speed: Number.POSITIVE_INFINITY })
  })
  afterAll(() => simulator.close())

  test.each(overHttp)('$name', async ({ request, status, contentType, responseText }) => {
    const given = await post(simulator.url, request.http ?? { method: 'GET' })
    expect(given).toEqual({ status, contentType, responseText })
  })
})

function decoded(given: RpcAnswer): Response {
  if ('result' in given) return { result: JSON.parse(given.result) }
  const { code, message, data } = given.error
  return { error: { code, message, data } }
}

/** Leaves out the texts of the server's XDR decoder, which the simulator does not imitate. */
function comparable(response: Response | undefined, pair: Pair): Response {
  const { result, error } = response ?? {}
  if (error === undefined) return { result: recorded(result) }
  return { error: isAboutXdr(pair) ? { ...error, data: undefined } : error }
}

/** Transactions and their hashes were made up for the real server. */
function recorded(result: Result | undefined): Result | undefined {
  if (result === undefined) return undefined
  return {
    ...result,
    metadataXdr: undefined,
    events: result.events?.map((event) => ({
      ...event,
      txHash: header.txHashes[event.txHash] ?? event.txHash,
    })),
    ledgers: result.ledgers?.map((ledger) => ({
      ...ledger,
      metadataXdr: undefined,
      metadataJson: undefined,
    })),
  }
}

function settingsOf(pair: Pair, ledgers: Ledgers): NodeSettings {
  const settings = { ...DEFAULT_SETTINGS }
  const { HISTORY_RETENTION_WINDOW, DEFAULT_EVENTS_LIMIT, MAX_EVENTS_LIMIT, ...config } =
    pair.node.config ?? {}
  if (HISTORY_RETENTION_WINDOW) settings.retentionWindow = Number(HISTORY_RETENTION_WINDOW)
  if (DEFAULT_EVENTS_LIMIT) settings.defaultEventsLimit = Number(DEFAULT_EVENTS_LIMIT)
  if (MAX_EVENTS_LIMIT) settings.maxEventsLimit = Number(MAX_EVENTS_LIMIT)
  if (config['FRIENDBOT_URL']) settings.friendbotUrl = String(config['FRIENDBOT_URL'])
  if (pair.request.method === 'getHealth' && config['MAX_HEALTHY_LEDGER_LATENCY'] === undefined) {
    const now = () => (ledgers.closeTime(pair.node.latest ?? 0) + ageSeconds(pair)) * 1000
    settings.health = { now, maxLatencyMs: 30_000 }
  }
  return settings
}

/** How old the latest ledger was when the real server was asked: from the answer or the name. */
function ageSeconds({ name, response }: Pair): number {
  const latency = response?.error?.message.match(/latency \((?:(\d+)h)?(?:(\d+)m)?(\d+)s\)/)
  if (latency) {
    const [, hours = 0, minutes = 0, seconds = 0] = latency
    return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  }
  return name.endsWith('in-future') ? -60 : Number(/(\d+)s$/.exec(name)?.[1])
}

/** Ledgers 1000 to the latest, five seconds apart, with the events that `made/all` shows. */
function madeRecording({ node, response }: Pair): Recording {
  const latest = node.latest ?? 1009
  const latestClosedAt = Number(response?.result?.latestLedgerCloseTime ?? 1_790_000_045)
  const closedAt = (sequence: number) =>
    new Date((latestClosedAt - 5 * (latest - sequence)) * 1000).toISOString()
  const all = latest === 1009 ? pairs.find(({ name }) => name === 'made/all') : undefined
  const events = Map.groupBy(all?.response?.result?.events ?? [], ({ ledger }) => ledger)
  return {
    header: {
      recording: 1,
      name: 'made',
      about: 'kinds of events that no recording has',
      network: { passphrase: 'Test SDF Network ; September 2015', protocolVersion: 23 },
      contractId: 'CAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD2KM',
      firstLedger: 1000,
      firstClosedAt: closedAt(1000),
    },
    ledgers: Array.from({ length: latest - 999 }, (_, index) => ({
      sequence: 1000 + index,
      hash: '',
      closedAt: closedAt(1000 + index),
      events: events.get(1000 + index) ?? [],
    })),
  }
}

async function post(url: string, given: HttpRequest) {
  const { method, path = '/', headers = {} } = given
  const request = httpRequest(new URL(path, url), { method, headers, agent: false })
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request.once('response', resolve).once('error', reject).end(bodyOf(given))
  const response = await promise
  const { statusCode: status } = response
  return {
    status,
    contentType: response.headers['content-type'],
    responseText: await text(response),
  }
}

/** A body that was too big to be written down is a call padded to some size. */
function bodyOf({ body, bodyIs }: HttpRequest): string | undefined {
  if (bodyIs === undefined) return body
  const bytes = bodyIs.endsWith('2 MiB')
    ? 2 * 1024 * 1024
    : Number(/(\d+) bytes$/.exec(bodyIs)?.[1])
  return '{"jsonrpc":"2.0","id":1,"method":"getNetwork"}'.padEnd(bytes)
}
