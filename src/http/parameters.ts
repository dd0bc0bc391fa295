import { z } from '@hono/zod-openapi'
import { MAX_LEDGER, parseCursor } from '../domain/cursor.ts'
import { EVENT_TYPES } from '../domain/event.ts'
import { parseU64 } from '../domain/integers.ts'
import { decodeAddress, isContractId } from '../domain/strkey.ts'

/**
 * The values that parameters can have, and what is said about a value that is wrong. All objects of
 * parameters are strict, so that a misspelt parameter is refused instead of ignored.
 */

/** How many values a list can have: in a URL, which must fit into the request's head, and in a body. */
export const SHORT_LISTS = { streams: 500, users: 100 }
export const LONG_LISTS = { streams: 2_000, users: 500 }

/** What a legal value looks like, and the error for any other. */
interface Kind<T extends string = string> {
  isLegal(text: string): text is T
  error: string
  plural: string
}

const STREAM_ID: Kind = {
  isLegal: (text): text is string => parseU64(text) !== undefined,
  error: 'a stream id is a whole number from 0 to 18446744073709551615, without leading zeros',
  plural: 'streams',
}
const ADDRESS: Kind = {
  isLegal: (text): text is string => decodeAddress(text) !== undefined,
  error: 'an address is an account (G…) or a contract (C…) of 56 characters with a valid checksum',
  plural: 'users',
}
const TYPE_NAMES = new Set<string>(EVENT_TYPES)
const TYPE_NAME: Kind<(typeof EVENT_TYPES)[number]> = {
  isLegal: (text): text is (typeof EVENT_TYPES)[number] => TYPE_NAMES.has(text),
  error: `an event type is one of ${EVENT_TYPES.join(', ')}`,
  plural: 'types',
}

export const StreamId = z
  .string()
  .refine(STREAM_ID.isLegal, { error: STREAM_ID.error })
  .openapi({ type: 'string', pattern: String.raw`^(0|[1-9]\d{0,19})$`, example: '1' })

export const Address = z
  .string()
  .refine(ADDRESS.isLegal, { error: ADDRESS.error })
  .openapi({ type: 'string', pattern: '^[GC][A-Z2-7]{55}$' })

export const ContractAddress = z
  .string()
  .refine(isContractId, {
    error: 'a token is a contract: C… of 56 characters with a valid checksum',
  })
  .openapi({ type: 'string', pattern: '^C[A-Z2-7]{55}$' })

/** As long as a name in a token or header can reasonably be. */
const MOST_NAME = 1_000
const NAME_A_USER = `name a user: text of 1 to ${MOST_NAME} characters`

export const Position = z
  .string()
  .refine((text) => parseCursor(text) !== undefined, {
    error:
      'a cursor is an event id or another position of the form 0006442459533967360-0000000002 (19 digits, a dash, 10 digits)',
  })
  .openapi({ type: 'string', pattern: String.raw`^\d{19}-\d{10}$` })

export const TransactionHash = z
  .string()
  .regex(/^[0-9a-f]{64}$/, { error: 'a transaction hash is 64 lower-case hex digits' })
  .openapi({ example: '3389e9f0f1a65f19736cacf544c2e825313e8447f569233bb8db39aa607c8889' })

/** A token's subject, or whom a trusted proxy names. */
export const UserName = z
  .string({ error: unlessTwice(NAME_A_USER) })
  .min(1, { error: NAME_A_USER })
  .max(MOST_NAME, { error: NAME_A_USER })

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

const MAX_WAIT_SECONDS = 30
export const DEFAULT_WAIT_SECONDS = 10

/** What makes a request wait; `router.ts` waits before the route's own work. */
export const WAIT_FOR_LEDGER = {
  wait_ledger: wholeNumber(0, MAX_LEDGER).optional().openapi({
    description: 'answer as soon as the checkpoint has reached this ledger',
  }),
  wait: wholeNumber(0, MAX_WAIT_SECONDS)
    .optional()
    .openapi({ description: `how long to wait, in seconds; default: ${DEFAULT_WAIT_SECONDS}` }),
}

export const WAIT = {
  ...WAIT_FOR_LEDGER,
  wait_tx: TransactionHash.optional().openapi({
    description: 'answer as soon as the events of this transaction are in the log',
  }),
}

/** How many items a page has. */
export function pageSize(most: number, usual: number) {
  return wholeNumber(1, most).default(usual).openapi({ default: usual })
}

/**
 * Values that are repeated, comma-separated, or both; duplicates count once. There is no schema per
 * value: with the longest lists that would block the thread for ten milliseconds.
 */
function list<T extends string>({ isLegal, error, plural }: Kind<T>, most: number) {
  return z.union([z.string(), z.array(z.string())]).transform((given, context): T[] => {
    const values = new Set([given].flat().flatMap((text) => text.split(',')))
    const legal: T[] = []
    for (const value of values) {
      if (isLegal(value)) legal.push(value)
      else context.addIssue({ code: 'custom', message: error })
    }
    if (legal.length < values.size) return z.NEVER
    if (legal.length <= most) return legal
    context.addIssue({ code: 'custom', message: `at most ${most} ${plural} at once` })
    return z.NEVER
  })
}

/** Ids of streams, as a filter of streams. */
export function streamIds(most: number) {
  return list(STREAM_ID, most)
    .optional()
    .openapi(listed('streams', { description: `ids of streams, at most ${most}` }))
}

/** The parameters that say which events; REST and the feed share them. */
export function eventFilterQuery(most: typeof SHORT_LISTS) {
  const description = `events of streams that these addresses send or receive, at most ${most.users}`
  return {
    streams: streamIds(most.streams),
    users: list(ADDRESS, most.users).optional().openapi(listed('users', { description })),
    types: list(TYPE_NAME, EVENT_TYPES.length)
      .optional()
      .openapi(listed('types', { description: 'only these types', values: [...EVENT_TYPES] })),
  }
}

/** A list as the OpenAPI document shows it. */
function listed(name: string, { description, values }: { description: string; values?: string[] }) {
  return {
    param: { name, in: 'query' as const },
    type: 'array' as const,
    items: { type: 'string' as const, ...(values && { enum: values }) },
    description: `${description}; repeated, comma-separated, or both`,
  }
}

/** The query of a request target, which is a path or, for proxies, a whole URL. */
export function searchOf(target: string): URLSearchParams {
  const start = target.indexOf('?')
  return new URLSearchParams(start === -1 ? '' : target.slice(start + 1))
}

/** A query as the schemas expect it: a value that is given once is text, given again it is a list. */
export function queryRecord(search: URLSearchParams): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = Object.create(null) as Record<string, string>
  for (const key of new Set(search.keys())) {
    const values = search.getAll(key)
    record[key] = values.length === 1 ? (values[0] ?? '') : values
  }
  return record
}

const TWICE = 'is given more than once'

/** The error of an enum. Zod has one for all wrong input, and a repeated parameter needs another. */
export function unlessTwice(legal: string) {
  return ({ input }: { input?: unknown }) => (Array.isArray(input) ? TWICE : legal)
}

/** Zod's findings in words for the caller. An error that many items share is listed once. */
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
