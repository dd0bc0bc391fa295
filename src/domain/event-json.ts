import type { ContractEvent } from './event.ts'
import { jsonTime } from './times.ts'

/** Sender and recipient of the event's stream, as known when the event is applied; else null. */
export interface Parties {
  sender: string | null
  recipient: string | null
}

const TIMES: ReadonlySet<string> = new Set(['startTime', 'newEndTime', 'pausedAt'])

/**
 * The event as users get it, in REST and in the feed's `data`. It is one flat object: amounts and
 * ids are decimal strings, times are numbers (null if a double cannot hold them exactly). Sender
 * and recipient are null for a fee that came before its stream, and for events of the whole
 * contract.
 */
export function eventJson(event: ContractEvent, { sender, recipient }: Parties): string {
  const { id, type, contractId, ledger, timestamp, transactionHash } = event
  if (event.type === 'unrecognised') {
    const { reason, topics, value } = event
    const common = { id, type, contractId, ledger, timestamp, transactionHash, sender, recipient }
    return JSON.stringify({ ...common, reason, topics, value })
  }
  const json: Record<string, unknown> = { id, type }
  if ('streamId' in event) json['streamId'] = event.streamId.toString()
  Object.assign(json, { contractId, ledger, timestamp, transactionHash, sender, recipient })
  for (const [name, value] of Object.entries(event.fields)) {
    // They equal `timestamp`, `sender` and `recipient` of the flat object.
    if (name === 'withdrawnAt' || name === 'sender' || name === 'recipient') continue
    if (typeof value === 'bigint') json[name] = TIMES.has(name) ? jsonTime(value) : value.toString()
    else json[name] = value
  }
  return JSON.stringify(json)
}
