import type { ContractEvent } from '../domain/event.ts'
import type { Parties } from '../domain/event-json.ts'
import type { Stream } from '../domain/stream.ts'

/** The stream's parties as the event makes them known; what the event itself says where the stream is unknown. */
export function partiesOf(event: ContractEvent, stream: Stream | undefined): Parties {
  if (stream !== undefined) return stream
  if (!('streamId' in event)) return NOBODY
  const { fields } = event
  return {
    sender: 'sender' in fields ? fields.sender : null,
    recipient: 'recipient' in fields ? fields.recipient : null,
  }
}

const NOBODY: Parties = { sender: null, recipient: null }
