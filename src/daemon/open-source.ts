import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { requireContract, requireRpcUrls } from '../config/config.ts'
import type { Config } from '../config/config.ts'
import { redact } from '../config/redact.ts'
import { createFailoverSource } from '../failover/failover.ts'
import type { FailoverSource } from '../failover/failover.ts'
import { createRpcSource } from '../source/rpc/rpc.ts'

export type SourceConfig = Pick<
  Config,
  'contractId' | 'rpcUrls' | 'networkPassphrase' | 'rpcAgreement' | 'rpcTimeoutSeconds'
>

/** The RPCs and recordings in the configuration, as one source. Throws UsageError if there are none. */
export async function openSource(config: SourceConfig, log: Logger): Promise<FailoverSource> {
  const contractId = requireContract(config)
  const timeoutMs = config.rpcTimeoutSeconds * 1_000
  const endpoints = await Promise.all(
    requireRpcUrls(config).map(async (url) => {
      if (!url.startsWith('file:')) {
        return { name: redact(url), source: createRpcSource({ url, contractId, timeoutMs }) }
      }
      // This loads the simulator, which only a recording needs.
      const { openRecording } = await import('../source/recording-source.ts')
      return { name: url, source: await openRecording(fileURLToPath(url), contractId) }
    }),
  )
  return createFailoverSource({
    endpoints,
    networkPassphrase: config.networkPassphrase,
    contractId,
    agreement: config.rpcAgreement,
    log,
    // A page can take several calls; at most three of them are slow.
    callTimeoutMs: 3 * timeoutMs,
  })
}
