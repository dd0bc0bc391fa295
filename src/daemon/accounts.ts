import type { Logger } from 'pino'
import type { ReadAccount } from '../auth/sep10/sep10.ts'
import type { SourceConfig } from './open-source.ts'

export interface AccountReader {
  /** Rejects if no RPC of our network can tell. */
  read: ReadAccount
  close(): Promise<void>
}

/** After so long without a question the RPCs are left alone: otherwise they would be probed on. */
const IDLE_MS = 60_000

type Source = Awaited<ReturnType<typeof connect>>

/**
 * Reads accounts from the RPCs, for a process that serves. It connects to the RPCs itself, at the first
 * question, because the half that indexes can be another process.
 */
export function createAccountReader(config: SourceConfig, logger: Logger): AccountReader {
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
        const { entries } = await source.entries([ledgerKey], signal)
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
