import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { readRecording } from '../src/simulator/recording.ts'
import type { RecordedLedger, WireEvent } from '../src/simulator/recording.ts'

/** The distance between the stream ids of one copy and the next. */
const STREAMS_A_COPY = 10_000n
/** The symbol `stream_id`, padded, and the type of the u64 that follows it in an event's map. */
const STREAM_ID = Buffer.from('stream_id\0\0\0\u0000\0\0\u0005', 'latin1')
const SECONDS_A_LEDGER = 5

export interface GrownRecording {
  path: string
  contractId: string
  networkPassphrase: string
  events: number
}

/**
 * Writes the contract's events of a recording `copies` times, one copy after the other, each with its
 * own streams: a backlog larger than any recording.
 */
export async function growRecording(
  fixture: string,
  path: string,
  copies: number,
): Promise<GrownRecording> {
  const { header, ledgers } = await readRecording(fixture)
  const own = ledgers.map((ledger) => ({
    ...ledger,
    events: (ledger.events ?? []).filter(({ contractId }) => contractId === header.contractId),
  }))
  function* lines(): Generator<string> {
    yield `${JSON.stringify(header)}\n`
    for (let copy = 0; copy < copies; copy += 1) {
      for (const ledger of own) yield `${JSON.stringify(shifted(ledger, copy, own.length))}\n`
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(path))
  return {
    path,
    contractId: header.contractId,
    networkPassphrase: header.network.passphrase,
    events: copies * own.reduce((sum, { events }) => sum + events.length, 0),
  }
}

function shifted(
  { sequence, hash, closedAt, events }: RecordedLedger & { events: WireEvent[] },
  copy: number,
  ledgersACopy: number,
): RecordedLedger {
  const by = copy * ledgersACopy
  const at = later(closedAt, by)
  return {
    sequence: sequence + by,
    hash: (copy.toString(16).padStart(4, '0') + hash).slice(0, 64),
    closedAt: at,
    events: events.map((event) => ({
      ...event,
      id: `${(BigInt(event.id.slice(0, 19)) + (BigInt(by) << 32n)).toString().padStart(19, '0')}${event.id.slice(19)}`,
      ledger: event.ledger + by,
      ledgerClosedAt: at,
      topic: (event.topic ?? []).map((topic, place) =>
        place === 1 ? ofCopy(topic, 4, copy) : topic,
      ),
      value: ofCopy(
        event.value,
        Buffer.from(event.value, 'base64').indexOf(STREAM_ID) + STREAM_ID.length,
        copy,
      ),
    })),
  }
}

function later(instant: string, ledgers: number): string {
  const time = Date.parse(instant) + ledgers * SECONDS_A_LEDGER * 1_000
  return `${new Date(time).toISOString().slice(0, 19)}Z`
}

/** The same XDR, with the stream id at this offset replaced by the copy's id. */
function ofCopy(base64: string, offset: number, copy: number): string {
  if (offset < 4) return base64
  const bytes = Buffer.from(base64, 'base64')
  bytes.writeBigUInt64BE(bytes.readBigUInt64BE(offset) + BigInt(copy) * STREAMS_A_COPY, offset)
  return bytes.toString('base64')
}
