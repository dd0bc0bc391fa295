import { z } from '@hono/zod-openapi'
import { isVisible } from '../auth/identity.ts'
import { parseU64, U64_MAX } from '../domain/integers.ts'
import { claimable, STREAM_STATUSES } from '../domain/stream.ts'
import type { Stream, StreamStatus } from '../domain/stream.ts'
import type { Store } from '../store/store.ts'
import { createRouter, json, jsonText } from '../http/router.ts'
import { V1Id, v1Event, V1_TYPES } from './event.ts'
import { numberOrText } from './numbers.ts'
import { collect, eventsWith, idsOf, pastOf } from './past.ts'
import type { Query } from './query.ts'
import { refuse } from './refusals.ts'
import { Size, Text, v1Get, visible } from './route.ts'
import type { V1Reads } from './route.ts'
import { streamPage } from './stream-page.ts'
import type { PageQuery } from './stream-page.ts'
import { V1Stream, v1Stream } from './stream.ts'

const PAGE = { fallback: 20, most: 100 }
/** Of one stream, newest first. */
const MOST_EVENTS = 10_000
/** Events of one stream that can come while the others are read. */
const MOST_TAIL = 1_000
/** Events that become text in about a millisecond. */
const TEXTS_PER_STEP = 200

const SORTS = new Map<string, PageQuery['sort']>([
  ['createdAt', 'created'],
  ['startTime', 'start'],
  ['lastUpdateTime', 'anchor'],
  ['depositedAmount', 'deposited'],
  ['endTime', 'end'],
])

const Page = z
  .object({
    data: z.array(V1Stream),
    total: z.number().int(),
    hasMore: z.boolean(),
    limit: z.number().int(),
    offset: z.number().int(),
  })
  .openapi('V1StreamPage')

const Claimable = z
  .object({
    streamId: V1Id,
    claimableAmount: z.string(),
    actionable: z.boolean(),
    calculatedAt: V1Id.openapi({ description: 'Unix seconds' }),
    cached: z.boolean(),
  })
  .openapi('V1Claimable')

export function streamRoutes(reads: V1Reads) {
  const router = createRouter()
  addList(router, reads)
  addOne(router, reads)
  addClaimable(router, reads)
  return router
}

type Router = ReturnType<typeof createRouter>

function addList(router: Router, { store, sliced, read }: V1Reads): void {
  function* list(query: PageQuery): Generator<void, Response> {
    const { rows, total } = yield* store.held.read((view) => streamPage(view.streams, query))
    const pasts = yield* pastOf({ log: store.log, read }, rows)
    const { limit, offset } = query
    const data = rows.map((stream) => v1Stream(stream, pasts))
    return json({ data, total, hasMore: offset + rows.length < total, limit, offset })
  }

  v1Get(
    router,
    {
      path: '/streams',
      summary: 'Streams',
      query: {
        sender: Text,
        recipient: Text,
        token: Text,
        limit: Size,
        offset: Size,
        order: Text,
        status: Text.openapi({ enum: [...STREAM_STATUSES] }),
        sort: Text.openapi({ enum: [...SORTS.keys()] }),
      },
      answer: Page,
    },
    (c, query) => {
      const status = query.text('status')
      if (status !== undefined && !isStatus(status)) {
        const message = `status must be one of: ${STREAM_STATUSES.join(', ')}`
        return refuse(400, 'Invalid status parameter', message)
      }
      const asked = { ...pageQuery(query), status, party: c.get('party') }
      return sliced(c, list(asked))
    },
  )
}

function addOne(router: Router, { store, sliced, read }: V1Reads): void {
  const { log } = store

  function* one(
    id: string,
    party: string | undefined,
    filter: ReturnType<typeof visible>,
  ): Generator<void, Response> {
    const ids = yield* idsOf(log, { filter, order: 'desc', most: MOST_EVENTS })
    const events = yield* eventsWith({ log, read }, ids.toReversed())
    const { pauses } = collect(events)
    const texts: string[] = []
    for (const event of events) {
      texts.push(JSON.stringify(v1Event(event, pauses)))
      if (texts.length % TEXTS_PER_STEP === 0) yield
    }
    return store.snapshot(() => {
      const stream = find(store, id, party)
      if (stream instanceof Response) return stream
      // What came during the steps: the record and its events must agree.
      const after = events.at(-1)?.id
      const tail = after === undefined ? [] : log.page({ filter, after, limit: MOST_TAIL }).entries
      const late = tail.map(read)
      const pasts = collect([...events, ...late])
      for (const event of late) texts.push(JSON.stringify(v1Event(event, pasts.pauses)))
      const record = JSON.stringify({ ...v1Stream(stream, pasts), events: undefined })
      return jsonText(`${record.slice(0, -1)},"events":[${texts.toReversed().join(',')}]}`)
    })
  }

  v1Get(
    router,
    {
      path: '/streams/{id}',
      summary: 'One stream with all its events',
      answer: V1Stream,
      problems: { 404: 'the stream is unknown' },
    },
    (c) => {
      const found = find(store, c.req.param('id'), c.get('party'))
      if (found instanceof Response) return found
      const id = found.streamId.toString()
      return sliced(c, one(id, c.get('party'), visible(c, { streams: [id], types: V1_TYPES })))
    },
  )
}

function addClaimable(router: Router, { store }: V1Reads): void {
  v1Get(
    router,
    {
      path: '/streams/{id}/claimable',
      summary: 'What the recipient could withdraw at a time',
      query: { at: Size },
      answer: Claimable,
      problems: { 404: 'the stream is unknown' },
    },
    (c, query) => {
      const at = query.text('at')
      const time = at === undefined ? undefined : parseU64(at.replace(/^0+(?=\d)/, ''))
      if (at !== undefined && time === undefined) {
        const message = 'at must be a time in Unix seconds, 0 or later'
        return refuse(400, 'Invalid query parameter', message)
      }
      return store.snapshot(() => {
        const stream = find(store, c.req.param('id'), c.get('party'))
        if (stream instanceof Response) return stream
        const now = time ?? BigInt(store.coverage.checkpoint()?.ledgerClosedAt ?? 0)
        const amount = claimable(stream, now)
        return json({
          streamId: numberOrText(stream.streamId),
          claimableAmount: amount.toString(),
          actionable: amount > 0n,
          calculatedAt: numberOrText(now),
          cached: false,
        })
      })
    },
  )
}

/** The stream, or why there is none. */
function find(
  { streams }: Pick<Store, 'streams'>,
  text: string | undefined,
  party: string | undefined,
): Stream | Response {
  const id = streamIdOf(text)
  if (id === undefined) return badStreamId()
  const stream = streams.byId(id)
  if (stream === undefined || !isVisible(stream, party)) return refuse(404, 'Stream not found')
  return stream
}

function pageQuery(query: Query): Omit<PageQuery, 'status' | 'party'> {
  return {
    sender: query.text('sender'),
    recipient: query.text('recipient'),
    token: query.text('token'),
    sort: SORTS.get(query.text('sort') ?? '') ?? 'created',
    order: query.text('order') === 'asc' ? 'asc' : 'desc',
    limit: query.size('limit', PAGE),
    offset: query.whole('offset') ?? 0,
  }
}

function isStatus(text: string): text is StreamStatus {
  return STREAM_STATUSES.some((status) => status === text)
}

/** As the store writes it; undefined if it is not a number. */
export function streamIdOf(text = ''): string | undefined {
  if (!/^\d{1,64}$/.test(text)) return undefined
  const id = BigInt(text)
  // No stream has a larger number, so this one is unknown as well.
  return id > U64_MAX ? NO_STREAM : id.toString()
}

const NO_STREAM = ''

export function badStreamId(): Response {
  return refuse(400, 'Invalid streamId parameter')
}
