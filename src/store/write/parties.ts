import type { ContractEvent } from '../../domain/event.ts'
import type { Parties } from '../../domain/event-json.ts'
import type { Stream, StreamRecord } from '../../domain/stream.ts'

/**
 * The stream's parties as the event makes them known. Of a stream whose creation was not seen the
 * chain may have told, `recordOf`; else there is what the event itself says.
 */
export function partiesOf(
  event: ContractEvent,
  stream: Stream | undefined,
  recordOf: (streamId: bigint) => StreamRecord | undefined,
): Parties {
  if (stream !== undefined) return stream
  if (!('streamId' in event)) return NOBODY
  const record = recordOf(event.streamId)
  if (record !== undefined) {
    // A fee comes before its stream: when it does, the stream is not known yet, whoever may ask.
    const early =
      event.type === 'stream.fee_collected' && BigInt(event.timestamp) <= record.startTime
    return early ? NOBODY : record
  }
  const { fields } = event
  return {
    sender: 'sender' in fields ? fields.sender : null,
    recipient: 'recipient' in fields ? fields.recipient : null,
  }
}

const NOBODY: Parties = { sender: null, recipient: null }
