import { z } from '@hono/zod-openapi'
import { EVENT_TYPES } from '../../domain/event.ts'
import { GOODBYE_REASONS, RESET_REASONS } from '../../feed/control-frames.ts'
import { ANNOUNCEMENT_LEVELS } from '../../feed/operation.ts'
import { EventJson } from '../event-shapes.ts'
import { CursorText } from '../json.ts'

/**
 * The frames of the feed as the OpenAPI document describes them: one object per frame, with the
 * fields `event` and `id` of server-sent events and `data` as parsed JSON.
 */

const Position = z.object({ cursor: CursorText, ledger: z.number().int() })

const Connected = z
  .object({
    data: z.object({
      type: z.literal('connected'),
      clientId: z.string(),
      cursor: CursorText,
      head: CursorText,
      heartbeatSeconds: z.number(),
      types: z
        .array(z.enum(EVENT_TYPES))
        .openapi({ description: 'the event names that this subscription can bring' }),
    }),
    id: CursorText,
  })
  .openapi('ConnectedFrame', { description: 'first; `id` is the start position' })

const EventFrame = z
  .object({ event: z.enum(EVENT_TYPES), data: EventJson, id: CursorText })
  .openapi('EventFrame')

const CaughtUp = z
  .object({ event: z.literal('caught_up'), data: Position, id: CursorText })
  .openapi('CaughtUpFrame', { description: 'the replay is over; live events follow' })

const Moved = z
  .object({ event: z.literal('cursor'), data: Position, id: CursorText })
  .openapi('CursorFrame', { description: 'the position moved and no event matched' })

const Reset = z
  .object({
    event: z.literal('reset'),
    data: z.object({
      reason: z.enum(RESET_REASONS),
      requested: CursorText,
      oldest: CursorText,
      head: CursorText,
    }),
    id: CursorText,
  })
  .openapi('ResetFrame', {
    description:
      'the position cannot be used, or streams changed without an event: load the snapshot again; the feed continues from `id`',
  })

const Reconnect = z
  .object({
    event: z.literal('reconnect'),
    data: z.object({ reason: z.enum(GOODBYE_REASONS) }),
  })
  .openapi('ReconnectFrame', { description: 'last; the stream ends after it' })

const Announced = z
  .object({
    event: z.literal('announcement'),
    data: z.object({
      message: z.string(),
      level: z.enum(ANNOUNCEMENT_LEVELS),
      at: z.string().openapi({ format: 'date-time' }),
    }),
  })
  .openapi('AnnouncementFrame', { description: 'a message of the operator' })

export const FeedFrame = z
  .union([Connected, EventFrame, CaughtUp, Moved, Reset, Reconnect, Announced])
  .openapi('FeedFrame')
