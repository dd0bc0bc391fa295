import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener, RequestError } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Logger } from 'pino'
import type { App } from '../router.ts'
import type { Client, Wire } from '../client.ts'
import { originOf } from '../holder.ts'
import type { HolderOf } from '../holder.ts'
import { hasBody } from '../middleware/request-form.ts'
import { badTarget, internal, respond } from '../problem.ts'
import { sendBeforeBody } from './refusal.ts'
import { send } from './send.ts'

export interface ListenerDeps {
  app: App
  holderOf: HolderOf
  logger: Logger
}

type Connection = Omit<Wire, 'isTaken'>
/** The client of a request that came over a connection. */
type Connected = Client & { wire: Wire }

/** Gives a request to the routes and sends their response, unless a route took the socket. */
export function createListener({ app, holderOf, logger }: ListenerDeps) {
  /** Of requests that have waited. */
  const resumed = new WeakMap<IncomingMessage, Connected>()

  /** `earlier`: what was found out about the request before it waited. */
  function clientOf(connection: Connection, earlier: Partial<Client> = {}): Connected {
    const { incoming, outgoing } = connection
    const client: Connected = {
      holder: holderOf(originOf(incoming)),
      requestId: String(outgoing.getHeader('X-Request-Id')),
      exchange: outgoing,
      ...earlier,
      wire: { ...connection, isTaken: false },
      resume(waited) {
        // The client can have left meanwhile.
        if (outgoing.closed) return
        resumed.set(incoming, clientOf(connection, { ...client, waited }))
        void listener(incoming, outgoing)
      },
    }
    return client
  }

  const listener = getRequestListener(
    async (request, env) => {
      const incoming = env.incoming as IncomingMessage
      const outgoing = env.outgoing as ServerResponse
      const client = resumed.get(incoming) ?? clientOf({ incoming, outgoing })
      const { wire, requestId } = client
      const response = await app.fetch(request, client)
      if (wire.isTaken) return RESPONSE_ALREADY_SENT
      if (incoming.complete || !comesWithBody(incoming)) {
        await send(response, outgoing).catch((error: unknown) => {
          logger.error({ requestId, err: error }, 'an answer broke off')
        })
      } else await sendBeforeBody(wire, response)
      return RESPONSE_ALREADY_SENT
    },
    {
      // Otherwise the adapter replaces Request and Response for the whole process.
      overrideGlobalObjects: false,
      autoCleanupIncoming: false,
      // HTTP/1.0 requests come without a Host.
      hostname: 'localhost',
      errorHandler(error) {
        if (error instanceof RequestError) return respond(badTarget())
        logger.error({ err: error }, 'request failed')
        return respond(internal())
      },
    },
  )
  return listener
}

export function comesWithBody({ headers }: IncomingMessage): boolean {
  return hasBody((name) => headers[name])
}
