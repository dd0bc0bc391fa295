/**
 * A script of what goes wrong at an RPC, for `--faults FILE` and for tests. It is a JSON array of
 * rules `{ when, method?, times?, fault }`. A rule counts the calls of its method (`*` for any) and
 * strikes at most `times` times. If several rules strike the same call, the first in the script
 * wins.
 */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { UsageError } from '../domain/errors.ts'
import { METHODS } from './node/methods.ts'

const count = z.int().positive()

const When = z.union(
  [
    z.strictObject({ call: count }),
    z.strictObject({ every: count }),
    z.strictObject({ ledger: count }),
    z.strictObject({ probability: z.number().min(0).max(1), seed: z.int().default(1) }),
  ],
  { error: 'needs one of "call", "ledger", "every" (from 1) or "probability" (0 to 1)' },
)

const ScriptedFault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('timeout'), afterMs: z.int().nonnegative().optional() }),
  z.strictObject({ kind: z.literal('reset') }),
  z.strictObject({ kind: z.literal('429'), retryAfterSeconds: z.int().nonnegative().optional() }),
  z.strictObject({ kind: z.literal('503') }),
  z.strictObject({ kind: z.literal('504') }),
  z.strictObject({ kind: z.literal('truncated') }),
  z.strictObject({ kind: z.literal('html') }),
  z.strictObject({ kind: z.literal('error'), code: z.int(), message: z.string() }),
  z.strictObject({ kind: z.literal('latest_backwards'), ledgers: count }),
  z.strictObject({ kind: z.literal('slow'), ledgers: count }),
  z.strictObject({ kind: z.literal('unhealthy'), latencySeconds: z.int().min(31).default(45) }),
  z
    .strictObject({
      kind: z.literal('retention'),
      oldest: count.optional(),
      ledgers: count.optional(),
    })
    .refine(({ oldest, ledgers }) => (oldest === undefined) !== (ledgers === undefined), {
      error: 'needs either "oldest" or "ledgers"',
    }),
])

const Rule = z
  .strictObject({
    when: When,
    method: z.enum(['*', ...METHODS]).optional(),
    times: count.optional(),
    fault: ScriptedFault,
  })
  .transform((rule) => ({ ...rule, method: rule.method ?? defaultMethod(rule.fault) }))

function defaultMethod({ kind }: ScriptedFault): string {
  return kind === 'unhealthy' ? 'getHealth' : 'getEvents'
}

const Script = z.array(Rule)

const VALID_FORMS = `A fault script is a JSON array of { "when", "method", "times", "fault" }.
when:   {"call": N}         from the Nth call on (once, unless "times" says more)
        {"ledger": N}       from the first call after ledger N closed (once, unless "times" says more)
        {"every": N}        at every Nth call
        {"probability": P, "seed": N}   by chance, the same in every run
method: the method whose calls count, "*" for any; getEvents if left out, getHealth for "unhealthy"
        (${METHODS.join(', ')})
times:  how often at most
fault:  {"kind": "timeout"} no answer; with "afterMs" a late one
        {"kind": "reset"}   the connection breaks
        {"kind": "429"}     with "retryAfterSeconds" if given
        {"kind": "503"}, {"kind": "504"}   an empty body
        {"kind": "truncated"}   the answer breaks off half-way
        {"kind": "html"}    a web page with status 200
        {"kind": "error", "code": N, "message": "…"}   a JSON-RPC error
        {"kind": "latest_backwards", "ledgers": N}   this answer as of N ledgers ago
        {"kind": "slow", "ledgers": N}   -32001 if getEvents would scan more than N ledgers
        {"kind": "unhealthy"}   getHealth answers that the newest ledger is too old: its age is
                            "latencySeconds" (45 if left out); everything else works
        {"kind": "retention", "oldest": N}   from now on the ledgers before N are forgotten
        {"kind": "retention", "ledgers": N}  from now on the N oldest ledgers are forgotten`

export type FaultScript = z.input<typeof Script>
export type ScriptedFault = z.output<typeof ScriptedFault>
export type FaultRule = z.output<typeof Rule>

/** Throws a UsageError that says what is wrong and what is valid. */
export async function readFaultScript(path: string): Promise<FaultScript> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new UsageError(`cannot read the fault script ${path}: ${String(cause)}`, { cause })
  }
  try {
    return parseFaultScript(JSON.parse(text))
  } catch (cause) {
    if (cause instanceof UsageError) throw new UsageError(`${path}: ${cause.message}`, { cause })
    throw new UsageError(`${path} is not JSON: ${String(cause)}\n\n${VALID_FORMS}`, { cause })
  }
}

/** Throws a UsageError that says what is wrong and what is valid. */
export function parseFaultScript(script: unknown): FaultRule[] {
  const parsed = Script.safeParse(script)
  if (parsed.success) return parsed.data
  const problems = z.prettifyError(parsed.error)
  throw new UsageError(`the fault script is invalid:\n${problems}\n\n${VALID_FORMS}`, {
    cause: parsed.error,
  })
}

export interface Faults {
  /** Counts a call and returns the fault that strikes it, if any. */
  strike(method: string, latestLedger: number): ScriptedFault | undefined
}

export function createFaults(script: FaultScript): Faults {
  const rules = parseFaultScript(script).map(createRule)
  return {
    strike(method, latestLedger) {
      let struck: ScriptedFault | undefined
      // Every rule counts the call, even if an earlier one strikes.
      for (const rule of rules) struck = rule(method, latestLedger, struck !== undefined) ?? struck
      return struck
    },
  }
}

function createRule({ when, method, times, fault }: FaultRule) {
  const repeats = 'every' in when || 'probability' in when
  let left = times ?? (repeats ? Number.POSITIVE_INFINITY : 1)
  let calls = 0
  const chance = 'probability' in when ? createRandom(when.seed) : undefined

  function isDue(latestLedger: number): boolean {
    if ('call' in when) return calls >= when.call
    if ('every' in when) return calls % when.every === 0
    if ('ledger' in when) return latestLedger >= when.ledger
    return chance !== undefined && chance() < when.probability
  }

  return (called: string, latestLedger: number, taken: boolean): ScriptedFault | undefined => {
    if (method !== '*' && method !== called) return undefined
    calls += 1
    if (!isDue(latestLedger) || left === 0 || taken) return undefined
    left -= 1
    return fault
  }
}

/** mulberry32: numbers in [0, 1), the same for the same seed. */
function createRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
