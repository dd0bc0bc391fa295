import { z } from '@hono/zod-openapi'
import { parseCursor } from '../domain/cursor.ts'
import { EVENT_TYPES } from '../domain/event.ts'
import { parseU64 } from '../domain/integers.ts'
import { decodeAddress } from '../domain/strkey.ts'

/**
 * What query strings are made of. Every object of them is strict, so that a misspelt parameter is
 * an answer and not a silence.
 */

/** How many of each at once: in a URL, which has to fit into a request's head, and in a body. */
export const SHORT_LISTS = { streams: 500, users: 100 }
export const LONG_LISTS = { streams: 2_000, users: 500 }

export const StreamId = z
  .string()
  .refine((text) => parseU64(text) !== undefined, {
    error: 'a stream id is a whole number from 0 to 18446744073709551615, without leading zeros',
  })
  .openapi({ type: 'string', pattern: String.raw`^(0|[1-9]\d{0,19})$`, example: '1' })

export const Address = z
  .string()
  .refine((text) => decodeAddress(text) !== undefined, {
    error:
      'an address is an account (G…) or a contract (C…) of 56 characters with a valid checksum',
  })
  .openapi({ type: 'string', pattern: '^[GC][A-Z2-7]{55}$' })

export const EventTypeName = z.enum(EVENT_TYPES, {
  error: `an event type is one of ${EVENT_TYPES.join(', ')}`,
})

export const Position = z
  .string()
  .refine((text) => parseCursor(text) !== undefined, {
    error:
      'a cursor is an event id or another position of the form 0006442459533967360-0000000002 (19 digits, a dash, 10 digits)',
  })
  .openapi({ type: 'string', pattern: String.raw`^\d{19}-\d{10}$` })

export const Order = z.enum(['asc', 'desc'], { error: unlessTwice('an order is asc or desc') })

/** A whole number in a query string, within bounds, both included. */
export function wholeNumber(low: number, high: number) {
  return z
    .string()
    .refine((text) => /^(0|[1-9]\d{0,15})$/.test(text) && inRange(Number(text)), {
      error: `a whole number from ${low} to ${high}`,
    })
    .transform(Number)
    .openapi({ type: 'integer', minimum: low, maximum: high })

  function inRange(value: number): boolean {
    return value >= low && value <= high
  }
}

/** Repeated, comma-separated, or both; each value once. */
function list<T>(item: z.ZodType<T, string>, most: number, what: string) {
  return z
    .union([z.string(), z.array(z.string())])
    .transform((given) => [given].flat().flatMap((text) => text.split(',')))
    .pipe(
      z
        .array(item)
        .transform((values) => [...new Set(values)])
        .refine((values) => values.length <= most, { error: `at most ${most} ${what} at once` }),
    )
}

/** Which events: the same words in REST and in the feed. */
export function eventFilterQuery(most: typeof SHORT_LISTS) {
  return {
    streams: list(StreamId, most.streams, 'streams')
      .optional()
      .openapi({
        param: { name: 'streams', in: 'query' },
        type: 'array',
        items: { type: 'string' },
      }),
    users: list(Address, most.users, 'users')
      .optional()
      .openapi({ param: { name: 'users', in: 'query' }, type: 'array', items: { type: 'string' } }),
    types: list(EventTypeName, EVENT_TYPES.length, 'types')
      .optional()
      .openapi({
        param: { name: 'types', in: 'query' },
        type: 'array',
        items: { type: 'string', enum: [...EVENT_TYPES] },
      }),
  }
}

/** Query values as the schemas take them: a value given once is text, given again a list. */
export function queryRecord(search: URLSearchParams): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = Object.create(null) as Record<string, string>
  for (const key of new Set(search.keys())) {
    const values = search.getAll(key)
    record[key] = values.length === 1 ? (values[0] ?? '') : values
  }
  return record
}

const TWICE = 'is given more than once'

/** What is legal, for the error of a choice: it is told what a wrong type is told by itself. */
export function unlessTwice(legal: string) {
  return ({ input }: { input?: unknown }) => (Array.isArray(input) ? TWICE : legal)
}

/** What zod found, as the caller should read it. What is wrong with many items is said once. */
export function explain(error: z.core.$ZodError): { parameter: string; detail: string }[] {
  const found = error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((parameter) => ({ parameter, detail: 'unknown parameter' }))
    }
    const parameter = String(issue.path[0] ?? 'request')
    return [{ parameter, detail: detailOf(issue) }]
  })
  const byText = new Map(found.map((each) => [`${each.parameter}: ${each.detail}`, each]))
  return [...byText.values()]
}

function detailOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_type') return issue.message
  return issue.message.includes('received array') ? TWICE : issue.message
}
