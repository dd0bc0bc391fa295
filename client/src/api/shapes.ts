import type { components } from './openapi.ts'

/** What the daemon answers, under short names. The OpenAPI document is where they come from. */

type Schemas = components['schemas']

/** One event as a flat object; `type` tells which fields it has. */
export type FeedEvent = Schemas['Event']
export type EventType = FeedEvent['type']
/** The event of one type, or of several. */
export type EventOf<T extends EventType> = Extract<FeedEvent, { type: T }>

/** A stream as `/streams` answers it. */
export type Stream = Schemas['Stream']
export type StreamStatus = Stream['status']
/** The position at which an answer was read; null before the first. */
export type AsOf = Schemas['AsOf']
/** RFC 9457: why a request was refused, and what to do. */
export type Problem = Schemas['Problem']
