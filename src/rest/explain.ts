import { z } from '@hono/zod-openapi'
import { isVisible } from '../auth/identity.ts'
import { endOfLedger, later, ORIGIN } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import { describeEvent, describeRecord, formulaAt } from '../domain/derivation.ts'
import type { Decode } from '../domain/event.ts'
import { claimable } from '../domain/stream.ts'
import type { Stream } from '../domain/stream.ts'
import type { HeldView } from '../store/read/held.ts'
import type { Change } from '../store/read/history.ts'
import { AsOf, asOf, CursorText } from '../http/json.ts'
import { Position, WAIT, pageSize } from '../http/parameters.ts'
import { noSuchStream, respond } from '../http/problem.ts'
import { createRouter, get, json } from '../http/router.ts'
import type { Reads } from '../http/router.ts'
import { StreamParams } from './streams.ts'

const MAX_STEPS = 1_000
const DEFAULT_STEPS = 50

const Amount = z.string().openapi({ description: 'i128, decimal' })

const Step = z
  .object({
    eventId: CursorText.nullable().openapi({
      description: 'null for the first step of a stream that was read from the chain',
    }),
    ledger: z.number().int(),
    timestamp: z
      .number()
      .int()
      .nullable()
      .openapi({ description: 'Unix seconds; null if the close time of the ledger is not known' }),
    transactionHash: z.string().nullable(),
    change: z.string().openapi({ description: 'what the event did, in words' }),
    deposited: Amount,
    withdrawn: Amount,
    claimable: Amount.openapi({ description: 'after the event, at the time of its ledger' }),
    formula: z.string().openapi({ example: 'min((1767225700 - 1767225600) * 5, 1000 - 0) = 500' }),
  })
  .openapi('Step')

const Explanation = z
  .object({
    streamId: z.string(),
    claimableAmount: Amount.openapi({ description: 'as of asOf.ledgerClosedAt' }),
    steps: z.array(Step).openapi({
      description: 'one for each event of the stream, oldest first; fees change nothing',
    }),
  })
  .openapi('Explanation')

const explainRoute = get({
  path: '/streams/{id}/explain',
  summary: 'How the balance of a stream came to be, step by step',
  request: {
    params: StreamParams,
    query: z.strictObject({
      limit: pageSize(MAX_STEPS, DEFAULT_STEPS),
      cursor: Position.optional().openapi({ description: 'nextCursor of the previous page' }),
      after: Position.optional().openapi({
        description: 'the same by the name that lists of events use: the eventId of the last step',
      }),
      ...WAIT,
    }),
  },
  answer: z.object({
    data: Explanation,
    now: z
      .object({
        at: z.number().int().nullable().openapi({ description: 'asOf.ledgerClosedAt' }),
        claimable: Amount,
        formula: z.string(),
      })
      .openapi({ description: 'from the last step of all to asOf' }),
    nextCursor: z.string().nullable().openapi({ description: 'null at the end' }),
    asOf: AsOf,
  }),
  problems: { 404: 'the stream is unknown' },
})

export function explainRoutes({ store, sliced, decode }: Reads) {
  const router = createRouter()
  router.openapi(explainRoute, (c) => {
    const { id } = c.req.valid('param')
    const { limit, cursor = ORIGIN, after = ORIGIN } = c.req.valid('query')
    const wanted = { id, party: c.get('party'), after: later(cursor, after), limit }
    return sliced(
      c,
      store.held.read((view) => explanation(view, { ...wanted, decode })),
    )
  })
  return router
}

interface Wanted {
  id: string
  party: string | undefined
  after: Cursor
  limit: number
  decode: Decode
}

function* explanation(view: HeldView, query: Wanted): Generator<void, Response> {
  const { id, party, limit } = query
  const stream = view.streams.byId(id)
  if (stream === undefined || !isVisible(stream, party)) return respond(noSuchStream(id))
  const checkpoint = view.coverage.checkpoint()
  const found = yield* changesOf(view, { ...query, stream, through: checkpoint?.cursor ?? ORIGIN })
  const page = found.slice(0, limit)
  const last = page.at(-1)
  const at = checkpoint?.ledgerClosedAt ?? null
  const now = BigInt(at ?? 0)
  const amount = claimable(stream, now).toString()
  return json({
    data: {
      streamId: id,
      claimableAmount: amount,
      steps: page.map((change) => stepOf(change, view)),
    },
    now: { at, claimable: amount, formula: formulaAt(stream, now) },
    nextCursor: found.length > limit && last !== undefined ? positionOf(last) : null,
    asOf: asOf(checkpoint),
  })
}

/** The changes of a page, and one more if there is a next page. */
function* changesOf(
  { history }: HeldView,
  { stream, through, after, limit, decode }: Wanted & { stream: Stream; through: Cursor },
): Generator<void, Change[]> {
  const found: Change[] = []
  const { streamId, origin } = stream
  for (const changes of history.changes({ streamId, after, through, decode })) {
    for (const change of changes) {
      // What the chain's record replaced explains nothing.
      const isOfRecord = origin === 'events' || change.stream.origin === 'chain'
      if (isOfRecord && positionOf(change) > after) found.push(change)
    }
    if (found.length > limit) return found
    yield
  }
  return found
}

function positionOf({ event, stream }: Change): Cursor {
  return event === null ? endOfLedger(stream.updatedLedger) : event.id
}

function stepOf({ event, stream }: Change, { history }: HeldView): z.infer<typeof Step> {
  const ledger = event?.ledger ?? stream.updatedLedger
  const timestamp = event?.timestamp ?? history.closeTime(ledger)
  const time = BigInt(timestamp ?? 0)
  return {
    eventId: event?.id ?? null,
    ledger,
    timestamp,
    transactionHash: event?.transactionHash ?? null,
    change: event === null ? describeRecord(stream) : describeEvent(event, stream),
    deposited: stream.depositedAmount.toString(),
    withdrawn: stream.withdrawnAmount.toString(),
    claimable: claimable(stream, time).toString(),
    formula: formulaAt(stream, time),
  }
}
