import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { completeThrough, ledgerOf, ORIGIN } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import type { EventFilter } from '../domain/filter.ts'
import { uncovered } from '../store/read/coverage.ts'
import type { Checkpoint, Coverage } from '../store/read/coverage.ts'
import type { LogEntry } from '../store/read/log.ts'
import type { ClientEnv } from '../http/client.ts'
import { CSV_HEADER, csvRow } from '../http/formats/csv.ts'
import { MEDIA_TYPES, preferredFormat } from '../http/formats/format.ts'
import type { Page } from '../http/formats/export.ts'
import type { Format } from '../http/formats/format.ts'
import { EventJson } from '../http/event-shapes.ts'
import { asOf, CursorText } from '../http/json.ts'
import { weakTag } from '../http/middleware/snapshots.ts'
import { jsonText } from '../http/router.ts'
import type { Reads } from '../http/router.ts'
import { rangeOf } from './event-range.ts'
import type { EventRange, RangeQuery } from './event-range.ts'

/**
 * Lists of events in each format. JSON is always a page. NDJSON and CSV are a page if there is a
 * limit, and otherwise the whole range, read page by page while it is sent.
 */

/** About 100 kB; with many streams or users in the filter, each page has to find all of them. */
const EXPORT_PAGE = 250
/** Rows of CSV that take about half a millisecond. */
const ROWS_PER_STEP = 100

/** Only pages of the whole log may be kept by shared caches. */
export const LOG_PATH = '/events'
/** The position at which an export ends: subscribe from it, or continue after it. */
const END_HEADER = 'X-Flowfi-Cursor'

/** What a route that answers in each format declares beside JSON. */
export const EXPORTS = {
  content: {
    // Of one line.
    [MEDIA_TYPES.ndjson]: { schema: EventJson },
    [MEDIA_TYPES.csv]: {
      schema: z.string().openapi({ description: 'a header, then a row for each event' }),
    },
  },
  headers: z.object({
    [END_HEADER]: CursorText.optional().openapi({
      description: 'of NDJSON and CSV: the position at which the export ends',
    }),
  }),
}

/** Answers with the events that match the filter, which must show no more than the sender may see. */
export type LogAnswers = (
  c: Context<ClientEnv>,
  filter: EventFilter,
  query: RangeQuery & { defaultLimit: number },
) => Response | Promise<Response>

export function createLogAnswers({ store, sliced, exports }: Reads): LogAnswers {
  return (c, filter, query) => {
    const format = query.format ?? preferredFormat(c.req.header('accept'))
    const limit = query.limit ?? (format === 'json' ? query.defaultLimit : undefined)
    const checkpoint = store.coverage.checkpoint()
    const range = { filter, checkpoint, ...rangeOf(store, query, checkpoint?.cursor ?? ORIGIN) }
    if (limit !== undefined) return sliced(c, page(c, { ...range, limit }, format))
    return exports.open(c, {
      headers: exportHeaders(c, { format, end: range.through }),
      head: headOf(format),
      page: (next) => linesFrom(range, next, format),
    })
  }

  function* page(
    c: Context<ClientEnv>,
    { checkpoint, ...query }: Range & { limit: number },
    format: Format,
  ): Generator<void, Response> {
    const { entries, next } = yield* store.log.scan(query)
    const end = (query.order === 'asc' ? next : undefined) ?? query.through
    const response =
      format === 'json'
        ? jsonPage(entries, { next, checkpoint })
        : new Response(headOf(format) + (yield* linesOf(entries, format)), {
            headers: exportHeaders(c, { format, end }),
          })
    const isFull = query.order === 'asc' && entries.length === query.limit
    if (c.req.path === LOG_PATH && isFull && isSettled(store.coverage, query.after, end)) {
      response.headers.set('cache-control', 'public, max-age=60')
    }
    return response
  }

  function* linesFrom(
    { checkpoint: _, ...range }: Range,
    from: Cursor | undefined,
    format: Format,
  ): Generator<void, Page> {
    const start = from === undefined ? {} : { [range.order === 'asc' ? 'after' : 'before']: from }
    const { entries, next } = yield* store.log.scan({ ...range, ...start, limit: EXPORT_PAGE })
    return { text: yield* linesOf(entries, format), next }
  }

  function exportHeaders(c: Context<ClientEnv>, { format, end }: { format: Format; end: Cursor }) {
    // A gap that was filled before the end has changed the number of events.
    const events = store.log
      .counts()
      .values()
      .reduce((sum, count) => sum + count, 0)
    return {
      'content-type': `${MEDIA_TYPES[format]}; charset=utf-8`,
      [END_HEADER]: end,
      etag: weakTag(c, JSON.stringify([format, end, store.revision(), events])),
    }
  }
}

interface Range extends EventRange {
  filter: EventFilter
  checkpoint: Checkpoint | undefined
}

function jsonPage(
  entries: readonly LogEntry[],
  { next, checkpoint }: { next: Cursor | undefined; checkpoint: Checkpoint | undefined },
): Response {
  const data = entries.map((entry) => entry.data).join(',')
  const rest = JSON.stringify({ nextCursor: next ?? null, asOf: asOf(checkpoint) })
  return jsonText(`{"data":[${data}],${rest.slice(1)}`)
}

function headOf(format: Format): string {
  return format === 'csv' ? CSV_HEADER : ''
}

/**
 * Whether the events between two positions stay as they are: nothing between them is missing, so
 * nothing will be filled in. What is before the log does not count.
 */
function isSettled(coverage: Coverage, after: Cursor, end: Cursor): boolean {
  const intervals = coverage.intervals()
  const from = Math.max(intervals[0]?.from ?? 0, completeThrough(after) + 1)
  // The last ledger may have been read in part; its events come in order.
  const to = Math.min(ledgerOf(end), coverage.scannedThrough())
  return uncovered({ from, to }, intervals).length === 0
}

function* linesOf(entries: readonly LogEntry[], format: Format): Generator<void, string> {
  let text = ''
  for (let at = 0; at < entries.length; at += ROWS_PER_STEP) {
    for (const { data } of entries.slice(at, at + ROWS_PER_STEP)) {
      text += format === 'csv' ? csvRow(data) : `${data}\n`
    }
    yield
  }
  return text
}
