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
 * Waits for what the request names; on the route of a transaction, for that transaction. Returns a
 * refusal if there is reason for one. It comes after the validation of the request, which must not
 * wait.
 */
export async function waitAsAsked(
  c: Context<ClientEnv>,
  { wait_ledger: ledger, wait_tx: given, wait: seconds }: WaitQuery,
): Promise<Response | undefined> {
  const own = seconds === undefined ? undefined : c.req.param('hash')
  const transaction = given ?? own
  if (ledger === undefined && transaction === undefined) {
    return seconds === undefined ? undefined : respond(badRequest([NOTHING_TO_WAIT_FOR]))
  }
  const { holder, exchange } = c.env
  const outcome = await c
    .get('waiting')
    .until(
      { ledger, transaction, party: c.get('party') },
      { seconds: seconds ?? DEFAULT_WAIT_SECONDS, address: holder.address, exchange },
    )
  return outcome === 'reached' ? undefined : respond(notYet(outcome, c.get('waiting').position()))
}

const NOTHING_TO_WAIT_FOR = {
  parameter: 'wait',
  detail: 'says how long to wait; say what for, too: with wait_ledger or wait_tx',
}
