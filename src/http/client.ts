import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Identity } from '../auth/identity.ts'
import type { Headers } from './cors.ts'
import type { Exchange } from './exchange.ts'
import type { Holder } from '../feed/admission.ts'
import type { Rate } from './rate-limit.ts'
import type { Waited, Waiting } from './waiting.ts'

/** What the server tells the routes about a request. */
export interface Client {
  /** Whose limits the request counts against. */
  holder: Holder
  /** Names the request, in its answer and in the log. */
  requestId: string
  exchange: Exchange
  /** Undefined if the request came without a connection that a route could use. */
  wire?: Wire
  /** Set once the request was counted. */
  rate?: Rate | undefined
  /** Set once the request has waited for the log. */
  waited?: Waited
  /**
   * Answers the request again from its beginning. A request that waits is dropped until then: only
   * what Node has of it is kept.
   */
  resume?(waited: Waited): void
}

/** The request and its response as Node has them. */
export interface Wire {
  incoming: IncomingMessage
  outgoing: ServerResponse
  /**
   * Set by a route that uses the socket itself, and by a request that waits. The server then drops the route's response, and
   * with it everything that middleware did to that response: it would end up inside the stream.
   */
  isTaken: boolean
}

/** What routes and middleware find in `c.env`, and in `c.get()`. */
export interface ClientEnv {
  Bindings: Client
  Variables: {
    /** Who sends the request. On a route that needs no token: everybody. */
    identity: Identity
    /** The address whose streams and events alone may be seen; undefined: everybody's. */
    party: string | undefined
    /** Lets the scripts of the request's origin read the answer. */
    corsHeaders: Headers
    /** What came of an administrator's request, for the log. */
    done: Record<string, unknown> | undefined
    /** Requests that wait for the log. */
    waiting: Waiting
  }
}
