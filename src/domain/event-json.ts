import type { ContractEvent } from './event.ts'
import { jsonTime } from './integers.ts'

/** Sender and recipient of the event's stream, as known when the event is applied. */
export interface Parties {
  sender: string | null
  recipient: string | null
}

const TIMES: ReadonlySet<string> = new Set(['startTime', 'newEndTime', 'pausedAt'])

/**
 * The event as users get it, in REST and in the feed's `data`: one flat object, amounts and ids as
 * decimal strings, times as numbers (null where a double cannot hold one). The parties
 * are null where nobody is known: a fee that came before its stream, an event of the whole contract.
 */
export function eventJson(event: ContractEvent, { sender, recipient }: Parties): string {
  const { id, type, contractId, ledger, timestamp, transactionHash } = event
  if (event.type === 'unrecognised') {
    const { reason, topics, value } = event
    const head = { id, type, contractId, ledger, timestamp, transactionHash, sender, recipient }
    return JSON.stringify({ ...head, reason, topics, value })
  }
  const json: Record<string, unknown> = { id, type }
  if ('streamId' in event) json['streamId'] = event.streamId.toString()
  Object.assign(json, { contractId, ledger, timestamp, transactionHash, sender, recipient })
  for (const [name, value] of Object.entries(event.fields)) {
    // The flat object's own timestamp, sender and recipient say it already.
    if (name === 'withdrawnAt' || name === 'sender' || name === 'recipient') continue
    if (typeof value === 'bigint') json[name] = TIMES.has(name) ? jsonTime(value) : value.toString()
    else json[name] = value
  }
  return JSON.stringify(json)
}
