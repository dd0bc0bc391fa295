import type { EventEmitter } from 'node:events'

/**
 * What a request and its answer happen on. It emits `close` once, when the answer has been sent or
 * the client has left. Who begins to listen later has to look at `closed` first.
 */
export type Exchange = EventEmitter & { readonly closed?: boolean }
