import type { MiddlewareHandler } from 'hono'
import { badRequest, noBodyHere, respond, unknownTransferEncoding } from '../problem.ts'
import { SUBSCRIBE_PATH } from '../subscribe/request.ts'
import { isOfV1 } from '../v1-path.ts'

/** Refuses requests that no route understands: unexpected bodies, and parameters without a name. */

const WITHOUT_BODY = ['GET', 'HEAD']

/** Whether a request comes with a body, which may not be here yet. */
export function hasBody(header: (name: BodyHeader) => string | undefined): boolean {
  return header('transfer-encoding') !== undefined || Number(header('content-length') ?? 0) > 0
}

type BodyHeader = 'transfer-encoding' | 'content-length'

/** GET has no body here; any other method's body is for its route to read. */
export const refuseBodies: MiddlewareHandler = async ({ req }, next) => {
  const coding = req.header('transfer-encoding')
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked') {
    return respond(unknownTransferEncoding())
  }
  const isUnwanted = WITHOUT_BODY.includes(req.method) && hasBody((name) => req.header(name))
  // The feed ignores the body of a GET.
  return isUnwanted && req.path !== SUBSCRIBE_PATH ? respond(noBodyHere()) : next()
}

/**
 * Hono drops a parameter without a name before any schema can refuse it. FlowFi's API ignores what it
 * does not know.
 */
export const refuseUnnamedParameters: MiddlewareHandler = async ({ req }, next) => {
  if (!/^[^?]*\?(.*&)?=/.test(req.url) || isOfV1(req.path)) return next()
  return respond(badRequest([{ parameter: '', detail: 'unknown parameter' }]))
}
