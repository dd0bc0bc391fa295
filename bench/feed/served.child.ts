/** The server that is measured: the daemon's front, over a log of made-up events. */
import { pino } from 'pino'
import { parseConfig } from '../../src/config/config.ts'
import { startFront } from '../../src/daemon/front.ts'
import { completeThrough, endOfLedger } from '../../src/domain/cursor.ts'
import type { RawEvent } from '../../src/domain/event.ts'
import { NEVER_AUDITED } from '../../src/domain/upstream.ts'
import { createDecoder } from '../../src/decode/decode.ts'
import { bindServer } from '../../src/http/server/bind.ts'
import { openStore } from '../../src/store/store.ts'
import { ACCOUNTS, answerCalls, monotonic } from './calls.ts'
import { createTemplates } from './templates.ts'

const [path = '', contractId = '', network = '', lane = 'lean'] = process.argv.slice(2)
const MANY = '1000000'

const decode = createDecoder()
const store = openStore({ path, decode })
const config = parseConfig({
  DATABASE_PATH: path,
  PORT: '0',
  FEED_LANE: lane,
  RATE_LIMIT_PER_MINUTE: '0',
  TIP_STALL_SECONDS: '0',
  MAX_SUBSCRIPTIONS: MANY,
  MAX_SUBSCRIPTIONS_PER_ADDRESS: MANY,
  MAX_SUBSCRIPTIONS_PER_USER: MANY,
  MAX_REPLAYING_SUBSCRIPTIONS: MANY,
  MAX_CONNECTIONS_PER_ADDRESS: MANY,
})
const front = await startFront(config, {
  bound: await bindServer(config),
  contractId,
  network,
  upstream: () => ({
    endpoints: [],
    alarm: null,
    tipStillForMs: undefined,
    audit: NEVER_AUDITED,
  }),
  logger: pino({ level: 'silent' }),
  version: 'bench',
})
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
  front.look()
  return raws.map(({ id }) => id)
}

answerCalls({
  ...ACCOUNTS,
  port: () => Number(new URL(front.url).port),
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
  stats: () => front.feed.stats(),
})
