import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { requireContract, requireRpcUrls } from '../config/config.ts'
import type { Config } from '../config/config.ts'
import { redact } from '../config/redact.ts'
import { SourceError } from '../domain/errors.ts'
import { createFailoverSource } from '../failover/failover.ts'
import type { FailoverSource } from '../failover/failover.ts'
import { createRpcSource } from '../source/rpc/rpc.ts'
import type { LedgerSource } from '../source/source.ts'

export type SourceConfig = Pick<
  Config,
  'contractId' | 'rpcUrls' | 'networkPassphrase' | 'rpcAgreement' | 'rpcTimeoutSeconds'
>

/**
 * The RPCs and recordings in the configuration, as one source. Nothing is asked while `mayAsk` says
 * no. Throws UsageError if there are none.
 */
export async function openSource(
  config: SourceConfig,
  log: Logger,
  mayAsk?: () => boolean,
): Promise<FailoverSource> {
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
    endpoints: mayAsk ? endpoints.map((each) => guarded(each, mayAsk)) : endpoints,
    networkPassphrase: config.networkPassphrase,
    contractId,
    agreement: config.rpcAgreement,
    log,
    // A page can take several calls; at most three of them are slow.
    callTimeoutMs: 3 * timeoutMs,
  })
}

/** Calls that have not begun fail: the caller stops soon. */
function guarded({ name, source }: NamedSource, mayAsk: () => boolean): NamedSource {
  const check = () => {
    if (!mayAsk()) throw new SourceError('unreachable', 'this node no longer leads')
  }
  const guard =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      check()
      return call(...args)
    }
  return {
    name,
    source: {
      ...source,
      network: guard(source.network),
      range: guard(source.range),
      extent: guard(source.extent),
      page: guard(source.page),
      ledger: guard(source.ledger),
      entries: guard(source.entries),
    },
  }
}

interface NamedSource {
  name: string
  source: LedgerSource
}
