import { z } from '@hono/zod-openapi'
import { EventJson } from '../http/event-shapes.ts'
import { asOf, AsOf } from '../http/json.ts'
import { TransactionHash, WAIT_FOR_LEDGER } from '../http/parameters.ts'
import { createRouter, get, jsonText } from '../http/router.ts'
import type { Reads } from '../http/router.ts'

const transactionRoute = get({
  path: '/transactions/{hash}',
  summary: 'The events of a transaction, in order',
  request: {
    params: z.strictObject({ hash: TransactionHash }),
    query: z.strictObject(WAIT_FOR_LEDGER),
  },
  answer: z.object({
    data: z.array(EventJson).openapi({
      description: 'empty if the log has no event of the transaction; with wait, 503 instead',
    }),
    asOf: AsOf,
  }),
})

export function transactionRoutes({ store }: Reads) {
  const router = createRouter()
  router.openapi(transactionRoute, (c) => {
    const { hash } = c.req.valid('param')
    const party = c.get('party')
    return store.snapshot(() => {
      const entries = store.transactions.events(hash)
      const data = entries
        .filter(
          ({ sender, recipient }) => party === undefined || [sender, recipient].includes(party),
        )
        .map((entry) => entry.data)
      const position = JSON.stringify({ asOf: asOf(store.coverage.checkpoint()) })
      return jsonText(`{"data":[${data.join(',')}],${position.slice(1)}`)
    })
  })
  return router
}
