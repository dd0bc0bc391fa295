import { z } from '@hono/zod-openapi'
import { STREAM_STATUSES } from '../domain/stream.ts'
import type { StreamJson as StreamShape } from '../domain/stream-json.ts'
import { instant } from '../domain/times.ts'
import type { Checkpoint } from '../store/read/coverage.ts'

/** The shapes in answers, for the code and for the OpenAPI document. */

export const Amount = z.string().openapi({ description: 'i128, decimal', example: '997500000' })
export const Id = z.string().openapi({ description: 'u64, decimal', example: '1' })
export const Time = z.number().int().openapi({ description: 'Unix seconds' })
const Instant = z.string().openapi({ format: 'date-time' })
export const CursorText = z.string().openapi({ example: '0006442459533967360-0000000003' })

export const AsOf = z
  .object({ cursor: CursorText, ledger: z.number().int(), ledgerClosedAt: Instant.nullable() })
  .nullable()
  .openapi('AsOf', {
    description:
      'The checkpoint at which the answer was read; subscribe from its cursor to miss nothing',
  })

export const Runway = z
  .object({ ledgers: z.number().int(), hours: z.number().nullable() })
  .nullable()
  .openapi({ description: 'how much the RPC can forget before it forgets the checkpoint' })

export const StreamJson = z
  .object({
    streamId: Id,
    sender: z.string(),
    recipient: z.string(),
    tokenAddress: z.string(),
    ratePerSecond: Amount,
    depositedAmount: Amount,
    withdrawnAmount: Amount,
    claimableAmount: Amount.openapi({ description: 'as of asOf.ledgerClosedAt' }),
    startTime: Time.nullable(),
    lastUpdateTime: Time.nullable(),
    endTime: Time.nullable().openapi({ description: 'when an active stream runs dry' }),
    endedAt: Time.nullable().openapi({ description: 'when it was cancelled or completed' }),
    status: z.enum(STREAM_STATUSES),
    isActive: z.boolean(),
    isPaused: z.boolean(),
    pausedAt: Time.nullable(),
    createdLedger: z.number().int().nullable(),
    updatedLedger: z.number().int(),
    lastEventId: CursorText.nullable(),
    origin: z.enum(['events', 'chain']),
    liveUntilLedger: z.number().int().nullable().openapi({
      description: 'the last ledger before the entry is archived, as last read from the chain',
    }),
  })
  .openapi('Stream') satisfies z.ZodType<StreamShape>

export const ProblemJson = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    errors: z.array(z.object({ parameter: z.string(), detail: z.string() })).optional(),
    checkpoint: AsOf.optional().openapi({
      description: 'how far the log is, if the request waited for it',
    }),
  })
  .openapi('Problem')

export type StreamJson = z.infer<typeof StreamJson>
export type AsOf = z.infer<typeof AsOf>

export function asOf(
  checkpoint: Pick<Checkpoint, 'cursor' | 'ledger' | 'ledgerClosedAt'> | undefined,
): AsOf {
  if (checkpoint === undefined) return null
  const { cursor, ledger, ledgerClosedAt } = checkpoint
  return { cursor, ledger, ledgerClosedAt: instant(ledgerClosedAt) }
}

/** Undefined if the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
