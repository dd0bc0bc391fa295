import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import type { Front } from '../daemon/front.ts'
import { startReplica } from '../daemon/replica.ts'
import { UsageError } from '../domain/errors.ts'
import type { Upstream } from '../domain/upstream.ts'
import type { FromWorker, Part, ToWorker } from '../daemon/messages.ts'
import { createRemoteRate } from '../daemon/remote-rate.ts'
import { createLogger } from './terminal.ts'
import type { Terminal } from './terminal.ts'

export interface ServeOptions {
  /** Run by a supervisor, as one of so many. */
  worker?: number
  port?: number
}

/** The supervisor waits for others less long than that. */
const GATHER_MS = 5_000

/** Serves a database that another process writes, until `signal` aborts. */
export async function serve(
  config: Config,
  { worker, port = config.port }: ServeOptions,
  terminal: Terminal,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  const logger = createLogger(terminal, config.logLevel)
  const settings = { ...config, port }
  if (worker !== undefined) {
    const supervisor = connectSupervisor()
    const { upstream, peers, takeRequest } = supervisor
    const serving = await startReplica(settings, {
      logger,
      version,
      share: worker,
      upstream,
      peers,
      ...(config.rateLimitPerMinute > 0 && { takeRequest }),
    })
    supervisor.begin(serving)
    // Ctrl-C reaches all processes of a terminal: the supervisor says when it is time.
    try {
      await Promise.race([supervisor.closed, serving.failed])
    } finally {
      await serving.close()
    }
    if (process.connected) process.disconnect()
    return
  }
  await serveAlone(settings, logger, version, signal)
}

/** How often to look whether the database file was replaced. */
const REPLACED_MS = 500

/**
 * Serves until `signal` aborts. When `start --fresh` or a restored copy has put another file in the
 * place of the database, the new file is served on the same port, and subscribers of the old one
 * are told to reconnect.
 */
async function serveAlone(
  config: Config,
  logger: Logger,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  let front = await startReplica(config, { logger, version })
  const { databasePath } = config
  const settings = { ...config, port: Number(new URL(front.url).port) }
  logger.info({ url: front.url, databasePath, version }, 'serving')
  let refused: string | undefined

  /** Serves the new file, once there is something to serve in it. */
  async function replace(): Promise<void> {
    try {
      const next = await startReplica(settings, { logger, version })
      logger.warn({ databasePath }, 'the database file was replaced: serving the new one')
      const old = front
      front = next
      await old.close()
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      const reason = error.message
      if (reason !== refused) logger.warn({ reason }, 'the new database file cannot be served yet')
      refused = reason
    }
  }

  try {
    while (!signal.aborted) {
      const rest = sleep(REPLACED_MS, undefined, { signal }).catch(() => {})
      await Promise.race([rest, front.failed])
      if (!signal.aborted && front.isReplaced()) await replace()
    }
    logger.info('stopping')
  } finally {
    await front.close()
  }
  logger.info('stopped')
}

/** The worker's end of what it and its supervisor say to each other. */
function connectSupervisor() {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>()
  const waiting = new Map<number, (parts: Part[]) => void>()
  let questions = 0
  let told: Upstream | undefined

  async function gather(): Promise<Part[]> {
    const question = (questions += 1)
    const { promise, resolve, reject } = Promise.withResolvers<Part[]>()
    waiting.set(question, resolve)
    send({ kind: 'gather', question })
    const late = setTimeout(() => reject(new Error('the supervisor does not answer')), GATHER_MS)
    return promise.finally(() => {
      clearTimeout(late)
      waiting.delete(question)
    })
  }

  const rate = createRemoteRate((question, address) => send({ kind: 'take', question, address }))

  // Without its supervisor nobody would start it anew, or stop it.
  process.once('disconnect', close)
  if (!process.connected) close()
  return {
    closed,
    upstream: () => told,
    takeRequest: rate.takeRequest,
    peers: {
      stats: async () => (await gather()).flatMap(({ stats }) => stats ?? []),
      metrics: async () => (await gather()).map(({ metrics }) => metrics),
    },
    begin(serving: Front): void {
      process.on('message', (message: ToWorker) => {
        if (message.kind === 'upstream') told = message.upstream
        else if (message.kind === 'close') close()
        else if (message.kind === 'taken') rate.answered(message.question, message.rate)
        else if (message.kind === 'gathered') waiting.get(message.question)?.(message.parts)
        else {
          void answer(message.question, serving)
        }
      })
      send({ kind: 'ready', url: serving.url })
    },
  }
}

async function answer(question: number, { feed, metrics }: Front): Promise<void> {
  const values = await metrics.values()
  send({ kind: 'part', question, part: { stats: feed.stats(), metrics: values } })
}

function send(message: FromWorker): void {
  if (process.connected) process.send?.(message)
}
