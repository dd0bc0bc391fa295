import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import type { Operation } from '../feed/operation.ts'
import type { Outcomes } from '../http/peers.ts'
import type { Rate } from '../http/rate-limit.ts'
import type { TokenMetadata } from '../domain/token.ts'
import type { Upstream } from '../domain/upstream.ts'
import type { Front } from './front.ts'
import type { FromWorker, ProcessReport, ToWorker } from './messages.ts'
import { createQuestions } from './questions.ts'
import { createRemotePlaces } from './remote-places.ts'
import { createRemoteRate } from './remote-rate.ts'
import { createRemoteVault } from './remote-vault.ts'
import type { VaultAnswer } from './remote-vault.ts'
import { startReplica } from './replica.ts'

/**
 * A process that serves for a supervisor (`workers.ts`), as one of several on its port. This is its
 * end of their messages.
 */

export interface WorkerOptions {
  /** How many workers share the port. */
  count: number
  logger: Logger
  version: string
}

/** Longer than the time after which the supervisor leaves a worker out. */
const GATHER_MS = 5_000
/** Without an answer in this time a request passes uncounted. On a busy machine one can take seconds. */
const RATE_MS = 5_000
/** Longer than one call to the chain. */
const TOKEN_MS = 12_000
/** Longer than the supervisor waits for a worker. */
const OPERATE_MS = 5_000
/** Without an answer in this time a ticket is not valid. */
const VAULT_MS = 5_000

/** Serves until the supervisor says so, or has gone. */
export async function runWorker(config: Config, options: WorkerOptions): Promise<void> {
  const { count: share, logger, version } = options
  const supervisor = connectSupervisor(share)
  const { upstream, peers, takeRequest, vault, places, readToken } = supervisor
  const front = await startReplica(config, {
    logger,
    version,
    share,
    upstream,
    peers,
    vault,
    places,
    readToken,
    ...(config.rateLimitPerMinute > 0 && { takeRequest }),
  })
  supervisor.begin(front)
  // Ctrl-C reaches all processes of a terminal: the supervisor says when it is time.
  try {
    await Promise.race([supervisor.closed, front.failed])
  } finally {
    await front.close()
  }
  if (process.connected) process.disconnect()
}

/** `share`: how many workers there are. */
function connectSupervisor(share: number) {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>()
  const gathering = createQuestions<ProcessReport[]>(GATHER_MS)
  const counting = createQuestions<Rate | undefined>(RATE_MS)
  const operating = createQuestions<Outcomes>(OPERATE_MS)
  const vaulting = createQuestions<VaultAnswer>(VAULT_MS)
  const reading = createQuestions<TokenMetadata | undefined>(TOKEN_MS)
  const places = createRemotePlaces({
    take: (question, wanted) => send({ kind: 'places', question, wanted }),
    release: (id) => send({ kind: 'release', id }),
  })
  let upstream: Upstream | undefined

  async function gather(): Promise<ProcessReport[]> {
    const reports = await gathering.ask((question) => send({ kind: 'gather', question }))
    if (reports === undefined) throw new Error('the supervisor does not answer')
    return reports
  }

  async function receive(message: ToWorker, { feed, metrics }: Front): Promise<void> {
    switch (message.kind) {
      case 'upstream':
        upstream = message.upstream
        return
      case 'close':
        close()
        return
      case 'taken':
        counting.answer(message.question, message.rate)
        return
      case 'vault':
        vaulting.answer(message.question, message.answer)
        return
      case 'places':
        places.answer(message.question, message.full)
        return
      case 'token':
        reading.answer(message.question, message.token)
        return
      case 'operate': {
        const outcome = await feed.operate(message.operation)
        send({ kind: 'outcome', question: message.question, outcome })
        return
      }
      case 'outcomes':
        operating.answer(message.question, message.outcomes)
        return
      case 'gathered':
        gathering.answer(message.question, message.reports)
        return
      case 'ask': {
        const report = { metrics: await metrics.values(), stats: feed.stats() }
        send({ kind: 'report', question: message.question, report })
      }
    }
  }

  // Without a supervisor nothing would restart or stop this process.
  process.once('disconnect', close)
  if (!process.connected) close()
  return {
    closed,
    upstream: () => upstream,
    places,
    takeRequest: createRemoteRate((address, budget) =>
      counting.ask((question) => send({ kind: 'take', question, address, budget })),
    ),
    vault: createRemoteVault((request) =>
      vaulting.ask((question) => send({ kind: 'vault', question, request })),
    ),
    readToken: (address: string) =>
      reading.ask((question) => send({ kind: 'token', question, address })),
    peers: {
      stats: async () => (await gather()).flatMap(({ stats }) => stats ?? []),
      metrics: async () => (await gather()).map(({ metrics }) => metrics),
      operate: async (operation: Operation) => {
        const done = await operating.ask((question) =>
          send({ kind: 'operate', question, operation }),
        )
        return done ?? { outcomes: [], missing: share }
      },
    },
    begin(front: Front): void {
      process.on('message', (message: ToWorker) => void receive(message, front))
      send({ kind: 'ready', url: front.url })
    },
  }
}

function send(message: FromWorker): void {
  if (process.connected) process.send?.(message)
}
