/** The server that is measured: log, feed and HTTP as in the daemon, with made-up events. */
import { BlockList } from 'node:net'
import { pino } from 'pino'
import { createDecoder } from '../../src/decode/decode.ts'
import { completeThrough, endOfLedger } from '../../src/domain/cursor.ts'
import type { RawEvent } from '../../src/domain/event.ts'
import { createFeed } from '../../src/feed/feed.ts'
import { createMetrics } from '../../src/metrics/metrics.ts'
import { listen } from '../../src/http/server/server.ts'
import { createSlices } from '../../src/domain/slices.ts'
import { openStore } from '../../src/store/store.ts'
import { ACCOUNTS, answerCalls, monotonic } from './calls.ts'
import { createTemplates } from './templates.ts'

const [path = '', contractId = '', network = '', lane = 'lean'] = process.argv.slice(2)
const MANY = 1_000_000

const decode = createDecoder()
const store = openStore({ path, decode })
const logger = pino({ level: 'silent' })
const metrics = createMetrics({ store })
const slices = createSlices()
const feed = createFeed({
  store,
  slices,
  tip: () => undefined,
  logger,
  limits: {
    heartbeatMs: 15_000,
    maxAgeMs: 3_600_000,
    stallTimeoutMs: 60_000,
    maxSubscriptions: MANY,
    maxSubscriptionsPerAddress: MANY,
    maxSubscriptionsPerUser: MANY,
    maxReplaying: MANY,
  },
  written: metrics.written,
})
metrics.measureFeed(feed)
const audit = {
  bootstrapped: true,
  running: false,
  last: null,
  driftTotal: 0,
  repairedTotal: 0,
  lastError: null,
}
const { url } = await listen(
  {
    store,
    slices,
    takeRequest: () => undefined,
    feed,
    metrics,
    version: 'bench',
    contractId,
    network,
    upstream: () => ({ endpoints: [], alarm: null, tipStillForMs: 0, audit }),
    auditIntervalSeconds: 0,
    readyMaxLag: 20,
    tipStallSeconds: 0,
    logger,
    trustProxy: new BlockList(),
  },
  {
    host: '127.0.0.1',
    port: 0,
    feedLane: lane === 'http' ? 'http' : 'lean',
    maxConnectionsPerAddress: MANY,
  },
)
const template = createTemplates(contractId)
let ledger = completeThrough(store.coverage.checkpoint()?.cursor ?? endOfLedger(0))
let steady: NodeJS.Timeout | undefined

let next = 0

export interface CommitArgument {
  count: number
  /** How many streams the events take turns over, starting at `first`. */
  streams?: number
  first?: number
}

/** Applies one ledger with so many events, through the decoder and the writer. */
function commit({ count, streams = 1, first = 1 }: CommitArgument): string[] {
  ledger += 1
  const raws: RawEvent[] = []
  for (let index = 0; index < count; index += 1) {
    next += 1
    raws.push(template(ledger, index, first + (next % streams)))
  }
  store.writer.apply({
    events: raws.map((raw) => ({ raw, event: decode(raw) })),
    cursor: endOfLedger(ledger),
    scannedFrom: ledger,
    closedAt: ledger * 5,
    tip: { ledger, closedAt: ledger * 5 },
  })
  feed.wake()
  return raws.map(({ id }) => id)
}

answerCalls({
  ...ACCOUNTS,
  port: () => Number(new URL(url).port),
  commit(argument: CommitArgument) {
    const at = monotonic()
    return { at, ids: commit(argument) }
  },
  /** Commits every `everyMs`, until `stopCommitting`. */
  keepCommitting({ everyMs, ...argument }: CommitArgument & { everyMs: number }) {
    steady = setInterval(() => commit(argument), everyMs)
  },
  stopCommitting() {
    clearInterval(steady)
  },
  stats: () => feed.stats(),
})
