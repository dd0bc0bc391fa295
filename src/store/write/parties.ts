import type { ContractEvent } from '../../domain/event.ts'
import type { Parties } from '../../domain/event-json.ts'
import type { Stream } from '../../domain/stream.ts'
import type { RecordTable } from './records.ts'

/**
 * Finds sender and recipient of the event's stream, as known when the event is applied. If its creation is
 * not in the log, they come from the chain's record, or from the event itself.
 */
export function createParties(
  records: RecordTable,
): (event: ContractEvent, stream: Stream | undefined) => Parties {
  return (event, stream) => {
    if (stream !== undefined) return stream
    if (!('streamId' in event)) return NO_PARTIES
    const record = records.get(event.streamId)?.record
    if (record !== undefined) {
      // A fee that comes before its stream has no parties, even if the record is known already.
      const isEarly =
        event.type === 'stream.fee_collected' && BigInt(event.timestamp) <= record.startTime
      return isEarly ? NO_PARTIES : record
    }
    const { fields } = event
    return {
      sender: 'sender' in fields ? fields.sender : null,
      recipient: 'recipient' in fields ? fields.recipient : null,
    }
  }
}

const NO_PARTIES: Parties = { sender: null, recipient: null }
