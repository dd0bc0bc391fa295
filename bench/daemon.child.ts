/**
 * The daemon on a large database, with a source that never answers. Arguments: database, contract,
 * network. Prints its URL, then its resident memory ten times a second.
 */
import { pino } from 'pino'
import { parseConfig } from '../src/config/config.ts'
import { startDaemon } from '../src/daemon/daemon.ts'
import { createIndexing } from '../src/daemon/indexing.ts'
import { openLog } from '../src/daemon/open-log.ts'
import type { FailoverSource } from '../src/failover/failover.ts'

const [path = '', contractId = '', networkPassphrase = ''] = process.argv.slice(2)
const silence = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
const source: FailoverSource = {
  network: silence,
  range: silence,
  extent: silence,
  page: (_start, _limit, signal) => silence(signal),
  ledger: (_sequence, signal) => silence(signal),
  entries: (_keys, signal) => silence(signal),
  endpoints: () => [],
  counters: () => ({ failovers: 0, disagreements: 0, disagreement: null, endpoints: [] }),
  close: async () => {},
}
const variables = {
  PORT: '0',
  CONTRACT_ID: contractId,
  DATABASE_PATH: path,
  RATE_LIMIT_PER_MINUTE: '0',
}
const config = { ...parseConfig(variables), contractId, networkPassphrase }
const logger = pino({ level: 'silent' })
const daemon = await startDaemon(config, {
  openIndexing: async (lock) =>
    createIndexing(config, { source, logger, ...openLog(config, lock) }),
  logger,
  version: 'bench',
})
process.stdout.write(`${daemon.url}\n`)
setInterval(() => {
  process.stdout.write(`${process.memoryUsage.rss()}\n`)
}, 100)
