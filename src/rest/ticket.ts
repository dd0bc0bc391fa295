import { createRoute, z } from '@hono/zod-openapi'
import type { Access } from '../auth/access.ts'
import type { Identity } from '../auth/identity.ts'
import { VaultUnavailable } from '../auth/vault.ts'
import { instant } from '../domain/times.ts'
import { noSuchRoute, noTicket, respond } from '../http/problem.ts'
import { createRouter, json, refusals } from '../http/router.ts'

export const TICKET_PATH = '/auth/ticket'
const RETRY_AFTER_SECONDS = 5

const Ticket = z
  .object({
    ticket: z.string().openapi({ description: 'for ?ticket= of the feed; valid once' }),
    expiresAt: z.string().openapi({ format: 'date-time' }),
  })
  .openapi('Ticket')

const ticketRoute = createRoute({
  method: 'post',
  path: TICKET_PATH,
  summary: 'A ticket for one subscription, so that no token needs to be in a URL',
  request: { query: z.strictObject({}) },
  responses: {
    200: {
      description: 'ok',
      content: { 'application/json': { schema: z.object({ data: Ticket }) } },
    } as { description: string },
    ...refusals({
      400: 'a parameter is invalid',
      404: 'there are no tokens with AUTH=open, and so no tickets',
      503: 'too many tickets wait to be used',
    }),
  },
})

export function ticketRoutes({ access }: { access: Access }) {
  const router = createRouter()
  router.openapi(ticketRoute, async (c) => {
    if (access.mode === 'open') return respond(noSuchRoute(TICKET_PATH))
    const issued = await issueFor(c.get('identity'))
    if (issued === undefined) return respond(noTicket(RETRY_AFTER_SECONDS))
    const { ticket, expiresAt } = issued
    const answer = json({ data: { ticket, expiresAt: instant(Math.floor(expiresAt / 1_000)) } })
    answer.headers.set('cache-control', 'no-store')
    return answer
  })
  return router

  /** Undefined if there are too many tickets. */
  async function issueFor(identity: Identity) {
    try {
      return await access.ticketFor(identity)
    } catch (error) {
      if (!(error instanceof VaultUnavailable)) throw error
      return undefined
    }
  }
}
