import { isVisible } from '../auth/identity.ts'
import { endOfLedger } from '../domain/cursor.ts'
import type { Decode } from '../domain/event.ts'
import type { Stream } from '../domain/stream.ts'
import { streamJson } from '../domain/stream-json.ts'
import type { Checkpoint } from '../store/read/coverage.ts'
import type { HeldView } from '../store/read/held.ts'
import { asOf } from '../http/json.ts'
import { noSuchStream, notCreatedYet, notScanned, respond, unknownPast } from '../http/problem.ts'
import type { Refused } from '../http/problem.ts'
import { json } from '../http/router.ts'

export interface StreamAtQuery {
  id: string
  ledger: number
  party: string | undefined
  decode: Decode
}

/** A stream as it was at the end of a ledger. */
export function* streamAt(view: HeldView, query: StreamAtQuery): Generator<void, Response> {
  const { id, ledger, party, decode } = query
  const now = view.streams.byId(id)
  if (now === undefined || !isVisible(now, party)) return respond(noSuchStream(id))
  if (!view.coverage.covers(ledger)) return respond(notScanned(ledger))
  const checkpoint = view.coverage.checkpoint()
  if (checkpoint?.ledger === ledger) return answer(now, checkpoint)
  const through = endOfLedger(ledger)
  const stream = yield* view.history.at({ streamId: BigInt(id), through, decode })
  if (stream === undefined) return respond(absentAt(now, ledger))
  const [unknown] = view.history.unknownLedgers(stream, ledger)
  if (unknown !== undefined) return respond(unknownPast(id, unknown))
  return answer(stream, { cursor: through, ledger, ledgerClosedAt: view.history.closeTime(ledger) })
}

function answer(
  stream: Stream,
  position: Pick<Checkpoint, 'cursor' | 'ledger' | 'ledgerClosedAt'>,
): Response {
  const data = streamJson(stream, BigInt(position.ledgerClosedAt ?? 0))
  return json({ data, asOf: asOf(position) })
}

/** Why a stream that is known now is not known at an earlier ledger. */
function absentAt({ streamId, createdLedger, updatedLedger }: Stream, ledger: number): Refused {
  const id = streamId.toString()
  if (createdLedger !== null && createdLedger > ledger) return notCreatedYet(id, ledger)
  return unknownPast(id, { from: ledger, to: updatedLedger - 1 })
}
