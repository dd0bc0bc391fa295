import { decodeParams, struct } from './go-json.ts'
import type { NodeView } from './node.ts'
import { INTERNAL_ERROR, RpcError } from './rpc-error.ts'

const params = struct('GetHealthRequest', {})

export function getHealth({ ledgers, range, settings }: NodeView, given: unknown): string {
  decodeParams(params, given)
  if (range === undefined) throw unhealthy('data stores are not initialized: DB is empty')
  const closedAt = ledgers.closeTime(range.latest)
  if (settings.health !== undefined) {
    const { now, maxLatencyMs } = settings.health
    const latencyMs = now() - closedAt * 1000
    if (latencyMs > maxLatencyMs) {
      const [latency, limit] = [goDuration(latencyMs), goDuration(maxLatencyMs)]
      throw unhealthy(`latency (${latency}) since last known ledger closed is too high (>${limit})`)
    }
  }
  return JSON.stringify({
    status: 'healthy',
    latestLedger: range.latest,
    latestLedgerCloseTime: String(closedAt),
    oldestLedger: range.oldest,
    oldestLedgerCloseTime: String(ledgers.closeTime(range.oldest)),
    ledgerRetentionWindow: settings.retentionWindow,
  })
}

/** The text has the code too, like on the real server. Clients must cope with it. */
function unhealthy(why: string): RpcError {
  return new RpcError(INTERNAL_ERROR, `[${INTERNAL_ERROR}] ${why}`)
}

/** `45s`, `1m30s`, `2563h44m21s`. */
function goDuration(milliseconds: number): string {
  const total = Math.round(milliseconds / 1000)
  const hours = Math.floor(total / 3600)
  const minutes = Math.floor((total % 3600) / 60)
  const parts = [`${total % 60}s`]
  if (total >= 60) parts.unshift(`${minutes}m`)
  if (total >= 3600) parts.unshift(`${hours}h`)
  return parts.join('')
}
