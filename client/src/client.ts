/**
 * What `flowfi-client` exports; `react/react.ts` is `flowfi-client/react`. Nothing here needs Node or a
 * browser: it runs in both. Inside the repository both names mean these sources: `paths` in
 * tsconfig.json says so to tsc, Vite and Vitest alike. Node itself and other projects get what
 * `npm run build` makes of them in `dist/`.
 *
 * - feed/      `createFeed`: every event once and in order, over any number of connections
 * - streams/   `createStreams`: streams as they are now, folded from the feed
 * - api/       `createApi`: REST, typed from the OpenAPI document
 */
export { createFeed } from './feed/feed.ts'
export { FeedError } from './feed/errors.ts'
export type { FeedReason } from './feed/errors.ts'
export type { Announcement, CaughtUp, Connected, Goodbye, Moved, Reset } from './feed/frames.ts'
export type { Feed, FeedState, FeedStatus, Heard } from './feed/feed.ts'
export type { FeedFilter, FeedOptions, FeedStart, Token } from './feed/options.ts'
export { createStreams } from './streams/streams.ts'
export type { Streams, StreamsOptions } from './streams/streams.ts'
export type { StreamsFilter } from './streams/snapshot.ts'
export { createApi } from './api/api.ts'
export type { Api, ApiOptions } from './api/api.ts'
export type {
  AsOf,
  EventOf,
  EventType,
  FeedEvent,
  Problem,
  Stream,
  StreamStatus,
} from './api/shapes.ts'

/** An amount of a token in its smallest unit, as a decimal string. */
export type Amount = string
