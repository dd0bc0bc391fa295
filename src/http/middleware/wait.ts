import type { Context, MiddlewareHandler } from 'hono'
import type { ClientEnv } from '../client.ts'
import { DEFAULT_WAIT_SECONDS } from '../parameters.ts'
import { badRequest, notYet, respond } from '../problem.ts'
import type { Waiting } from '../waiting.ts'

/** The parameters of a request that may wait, validated. */
export interface WaitQuery {
  wait_ledger?: number | undefined
  wait_tx?: string | undefined
  wait?: number | undefined
}

/** Lets the routes wait for the log. */
export function allowWaiting(waiting: Waiting): MiddlewareHandler<ClientEnv> {
  return async (c, next) => {
    c.set('waiting', waiting)
    return next()
  }
}

/**
 * Lets a request wait for what it names; on the route of a transaction, for that transaction.
 * Undefined if its answer is due. It comes after the validation of the request, which must not wait.
 * A request that waits is dropped with all that belongs to it, and answered again from the
 * beginning: else it would cost several times as much as a subscription.
 */
export function waitAsAsked(
  c: Context<ClientEnv>,
  { wait_ledger: ledger, wait_tx: given, wait: seconds }: WaitQuery,
): Response | undefined {
  const own = seconds === undefined ? undefined : c.req.param('hash')
  const transaction = given ?? own
  if (ledger === undefined && transaction === undefined) {
    return seconds === undefined ? undefined : respond(badRequest([NOTHING_TO_WAIT_FOR]))
  }
  const { holder, exchange, wire, waited, resume } = c.env
  const waiting = c.get('waiting')
  const wanted = { ledger, transaction, party: c.get('party') }
  const options = { seconds: seconds ?? DEFAULT_WAIT_SECONDS, address: holder.address, exchange }
  const outcome = waited ?? waiting.atOnce(wanted, options)
  if (outcome === 'reached') return undefined
  if (outcome === undefined && wire !== undefined && resume !== undefined) {
    wire.isTaken = true
    waiting.wait(wanted, options, resume)
    return new Response(null, { status: 204 })
  }
  return respond(notYet(outcome ?? 'late', waiting.position()))
}

const NOTHING_TO_WAIT_FOR = {
  parameter: 'wait',
  detail: 'says how long to wait; say what for, too: with wait_ledger or wait_tx',
}
