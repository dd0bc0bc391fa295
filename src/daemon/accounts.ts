import type { Logger } from 'pino'
import type { ReadAccount } from '../auth/sep10/sep10.ts'
import type { LedgerEntries } from '../source/source.ts'
import type { SourceConfig } from './open-source.ts'

export interface AccountReader {
  /** Rejects if no RPC of our network can tell. */
  read: ReadAccount
  close(): Promise<void>
}

/** After so long without a question the RPCs are left alone: otherwise they would be probed on. */
const IDLE_MS = 60_000

type Source = Awaited<ReturnType<typeof connect>>

export interface AccountDeps {
  config: SourceConfig
  logger: Logger
  /** The newest ledger that the log knows of; undefined before the first. */
  tip(): number | undefined
}

/**
 * Reads accounts from the RPCs, for a process that serves. It connects to the RPCs itself, at the first
 * question, because the half that indexes can be another process.
 */
export function createAccountReader({ config, logger, tip }: AccountDeps): AccountReader {
  let opened: Promise<Source> | undefined
  let idle: NodeJS.Timeout | undefined
  let reading = 0

  async function close(): Promise<void> {
    clearTimeout(idle)
    const closing = opened
    opened = undefined
    await closing?.then((source) => source.close())
  }

  async function open(): Promise<Source> {
    const opening = (opened ??= connect(config, logger))
    try {
      return await opening
    } catch (error) {
      if (opened === opening) opened = undefined
      throw error
    }
  }

  return {
    async read(ledgerKey, signal) {
      clearTimeout(idle)
      reading += 1
      try {
        const source = await open()
        const { entries } = await readFresh(source, { ledgerKey, tip: tip() ?? 0 }, signal)
        const entry = entries.find(({ key }) => key === ledgerKey)
        if (entry !== undefined || entries.length === 0) return entry?.xdr
        throw new Error('the RPC answered with another entry')
      } finally {
        reading -= 1
        if (reading === 0) idle = setTimeout(() => void close(), IDLE_MS).unref()
      }
    },
    close,
  }
}

async function connect(config: SourceConfig, logger: Logger) {
  const { openSource } = await import('./open-source.ts')
  return openSource(config, logger)
}

/** As far behind the tip as an RPC may be that the log is read from. */
const MAX_TIP_LAG = 10

/**
 * An RPC that lags still knows signers that the account has removed since. The ledger in its answer
 * shows it, but a cache in front of an RPC can show it too: so the RPCs are asked how far they are,
 * after which those that lag are asked last. Rejects if all of them lag.
 */
async function readFresh(
  source: Source,
  { ledgerKey, tip }: { ledgerKey: string; tip: number },
  signal: AbortSignal,
): Promise<LedgerEntries> {
  const first = await source.entries([ledgerKey], signal)
  if (first.latestLedger >= tip - MAX_TIP_LAG) return first
  const { latest } = await source.range(signal)
  if (latest < tip - MAX_TIP_LAG) throw new Error(`the RPC lags: ${latest} of ${tip} ledgers`)
  const second = await source.entries([ledgerKey], signal)
  return second.latestLedger >= first.latestLedger ? second : first
}
