import { z } from '@hono/zod-openapi'
import type { ReadToken } from '../domain/token.ts'
import type { Store } from '../store/store.ts'
import { asOf } from '../http/json.ts'
import { ContractAddress, WAIT_FOR_LEDGER } from '../http/parameters.ts'
import { respond, tokenUnread } from '../http/problem.ts'
import { createRouter, get, json, oneOf } from '../http/router.ts'

const NULL = 'null where its contract does not say'

const Token = z
  .object({
    address: z.string(),
    symbol: z.string().nullable().openapi({ description: NULL }),
    name: z.string().nullable().openapi({ description: NULL }),
    decimals: z.number().int().nullable().openapi({ description: NULL }),
  })
  .openapi('Token')

const tokenRoute = get({
  path: '/tokens/{address}',
  summary: 'What a token says about itself; read from the chain once, and kept',
  request: {
    params: z.strictObject({ address: ContractAddress }),
    query: z.strictObject(WAIT_FOR_LEDGER),
  },
  answer: oneOf(Token),
  problems: { 503: 'the chain cannot be asked now' },
})

export interface TokenDeps {
  store: Store
  /** Undefined if this process cannot ask the one that indexes. */
  readToken?: ReadToken | undefined
}

export function tokenRoutes({ store, readToken }: TokenDeps) {
  const router = createRouter()
  router.openapi(tokenRoute, async (c) => {
    const { address } = c.req.valid('param')
    const data = store.tokens.byAddress(address) ?? (await readToken?.(address))
    if (data === undefined) return respond(tokenUnread(readToken !== undefined))
    return json({ data, asOf: asOf(store.coverage.checkpoint()) })
  })
  return router
}
