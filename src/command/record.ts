import { requireContract, requireRpcUrls } from '../config/config.ts'
import { SourceError, UsageError } from '../domain/errors.ts'
import { recordLedgers } from '../source/rpc/recorder.ts'
import { redact } from '../config/redact.ts'
import type { Invocation } from './invocation.ts'
import { say } from './terminal.ts'

/** Records ledgers from an RPC into a file. */
export async function record(
  { config, terminal, signal }: Invocation,
  { from, to, out }: { from: number; to: number; out: string },
): Promise<void> {
  const [rpcUrl = ''] = requireRpcUrls(config)
  const contractId = requireContract(config)
  const timeoutMs = config.rpcTimeoutSeconds * 1_000
  try {
    const { ledgers, events } = await recordLedgers(
      {
        rpcUrl,
        timeoutMs,
        contractId,
        from,
        to,
        path: out,
        onProgress(ledger, found) {
          if (!terminal.interactive) return
          terminal.err.write(`\rledger ${ledger} of ${to}, ${found} events`)
        },
      },
      signal,
    )
    if (terminal.interactive) terminal.err.write('\n')
    say(terminal, `${out}: ledgers ${from} to ${to}, ${events} events in ${ledgers} lines`)
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    throw new UsageError(`${redact(rpcUrl)} did not answer: ${error.message}`, { cause: error })
  }
}
