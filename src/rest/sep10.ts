import { createRoute, z } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import type { Logger } from 'pino'
import { isDomainName } from '../auth/sep10/client-domain.ts'
import { Refusal, Unavailable } from '../auth/sep10/refusal.ts'
import type { Sep10 } from '../auth/sep10/sep10.ts'
import { parseU64 } from '../domain/integers.ts'
import { decodeAddress } from '../domain/strkey.ts'
import type { ClientEnv } from '../http/client.ts'
import { explain } from '../http/parameters.ts'
import {
  badRequest,
  isRefused,
  methodNotAllowed,
  noSep10Server,
  PROBLEM_TYPE,
  respond,
} from '../http/problem.ts'
import type { Problem } from '../http/problem.ts'
import { createRouter, refusals } from '../http/router.ts'
import { parseBody, readBody } from '../http/subscribe/body.ts'

/** How a wallet gets a token (SEP-10), and the file by which it finds this server (SEP-1). */

export const AUTH_PATH = '/auth'
export const STELLAR_TOML_PATH = '/.well-known/stellar.toml'

/** A challenge with all the signatures that a transaction can have is smaller by half. */
const MOST_BYTES = 16 * 1_024
const RETRY_AFTER = { 'retry-after': '5' }
/** Neither a challenge nor a token is for a cache. */
const NO_STORE = { 'cache-control': 'no-store' }

const MUXED = /^M[A-Z2-7]{68}$/

const Account = z
  .string()
  .refine((text) => MUXED.test(text) || decodeAddress(text) !== undefined, {
    error: 'an account is G… or M…, with a valid checksum',
    abort: true,
  })
  .refine((text) => decodeAddress(text)?.kind !== 'contract', {
    error: 'a contract (C…) cannot sign a challenge; use an account (G… or M…)',
  })
  .openapi({ type: 'string', pattern: '^(G[A-Z2-7]{55}|M[A-Z2-7]{68})$' })

const ChallengeQuery = z
  .strictObject({
    account: Account,
    memo: z
      .string()
      .refine((text) => parseU64(text) !== undefined, {
        error: 'a memo is a whole number from 0 to 18446744073709551615',
      })
      .optional()
      .openapi({ type: 'string', pattern: String.raw`^(0|[1-9]\d{0,19})$` }),
    home_domain: z.string().optional(),
    client_domain: z
      .string()
      .refine(isDomainName, { error: 'the name of a domain, such as wallet.example.com' })
      .optional(),
  })
  .refine(({ account, memo }) => memo === undefined || !account.startsWith('M'), {
    path: ['memo'],
    error: 'a muxed account (M…) names its user already; leave the memo out',
  })

const Transaction = z.strictObject({
  transaction: z.string().openapi({ description: 'the signed challenge: XDR, base64' }),
})

const Sep10Error = z.object({ error: z.string() }).openapi('Sep10Error')

/** What every route can answer is in the form of SEP-10 here, too. */
const ANY_ROUTE: Partial<Record<number, string>> = {
  429: 'the address has sent too many requests',
  500: 'the server failed',
  501: 'the transfer coding is unknown',
}

function content(description: string, schema: z.ZodType) {
  return { description, content: { 'application/json': { schema } } }
}

function errors(descriptions: Partial<Record<number, string>>) {
  const all = { ...ANY_ROUTE, ...descriptions }
  const entries = Object.entries(all).map(([status, description = '']) => [
    status,
    content(description, Sep10Error),
  ])
  return Object.fromEntries(entries) as Record<string, ReturnType<typeof content>>
}

const NO_SERVER = 'this daemon is no SEP-10 server'

const Challenge = z.object({
  transaction: z.string().openapi({ description: 'XDR, base64' }),
  network_passphrase: z.string(),
})

// Handlers return plain Responses, which have no type for their body.
const challengeAnswers: Record<200, { description: string }> = {
  200: content('ok', Challenge),
  ...errors({
    400: 'a parameter is invalid, or client_domain cannot be used',
    404: NO_SERVER,
    503: 'the server is too busy',
  }),
}

const challengeRoute = createRoute({
  method: 'get',
  path: AUTH_PATH,
  summary: 'A challenge to sign with the keys of a Stellar account (SEP-10)',
  request: { query: ChallengeQuery },
  responses: challengeAnswers,
})

const tomlRoute = createRoute({
  method: 'get',
  path: STELLAR_TOML_PATH,
  summary: 'How wallets find the SEP-10 server (SEP-1)',
  request: { query: z.strictObject({}) },
  responses: {
    200: { description: 'TOML', content: { 'text/plain': { schema: z.string() } } },
    ...refusals({ 400: 'a parameter is invalid', 404: NO_SERVER }),
  },
})

export function sep10Routes({ sep10, logger }: { sep10: Sep10 | undefined; logger: Logger }) {
  const router = createRouter()
  declareToken(router)
  if (sep10 === undefined) return withoutServer(router)

  /** The answer, or why there is none. */
  async function answer(requestId: string, make: () => Promise<object>): Promise<Response> {
    try {
      return Response.json(await make(), { headers: NO_STORE })
    } catch (error) {
      if (error instanceof Refusal) return failure(400, error.message)
      if (!(error instanceof Unavailable)) throw error
      // Without a cause there were too many requests.
      logger[error.cause === undefined ? 'debug' : 'warn'](
        { err: error, requestId },
        'SEP-10 request not answered',
      )
      return failure(503, error.message, RETRY_AFTER)
    }
  }

  router.openapi(challengeRoute, (c) => {
    const query = c.req.valid('query')
    const { account, memo, home_domain: homeDomain, client_domain: clientDomain } = query
    return answer(c.env.requestId, async () => ({
      transaction: await sep10.challenge({ account, memo, homeDomain, clientDomain }),
      network_passphrase: sep10.networkPassphrase,
    }))
  })
  router.post(AUTH_PATH, async (c) => {
    const given = await transactionIn(c)
    if (given instanceof Response) return given
    return answer(c.env.requestId, async () => ({ token: await sep10.token(given) }))
  })
  router.all(AUTH_PATH, ({ req }) => respond(methodNotAllowed(req.method, ['GET', 'HEAD', 'POST'])))
  router.openapi(tomlRoute, (c) => c.text(sep10.stellarToml))
  return router
}

/** The description of the routes is the same for every daemon. */
function withoutServer(router: ReturnType<typeof createRouter>) {
  for (const route of [challengeRoute, tomlRoute]) router.openAPIRegistry.registerPath(route)
  for (const path of [AUTH_PATH, STELLAR_TOML_PATH]) {
    router.all(path, () => respond(noSep10Server()))
  }
  return router
}

/** The transaction in a body, or a refusal. */
async function transactionIn({ env }: Context<ClientEnv>): Promise<string | Response> {
  if (env.wire === undefined) return failure(400, 'the request has no body')
  const body = await readBody(env.wire.incoming, { mostBytes: MOST_BYTES })
  if (isRefused(body)) return respond(body)
  const record = parseBody(body)
  if (isRefused(record)) return respond(record)
  const parsed = Transaction.safeParse(record)
  return parsed.success ? parsed.data.transaction : respond(badRequest(explain(parsed.error)))
}

function failure(status: number, error: string, headers: Record<string, string> = {}): Response {
  return Response.json({ error }, { status, headers: { ...NO_STORE, ...headers } })
}

/** Every refusal of this path in the form of SEP-10, whichever part of the server it comes from. */
export const inSep10Form: MiddlewareHandler = async (c, next) => {
  await next()
  const { res } = c
  if (res.headers.get('content-type') !== PROBLEM_TYPE) return
  const { detail } = (await res.json()) as Problem
  c.res = undefined
  const headers = new Headers(res.headers)
  headers.set('content-type', 'application/json')
  c.res = new Response(JSON.stringify({ error: detail }), { status: res.status, headers })
}

/** For the OpenAPI document; the handler validates. */
function declareToken({ openAPIRegistry }: ReturnType<typeof createRouter>): void {
  const schema = z.object({ token: z.string().openapi({ description: 'a JSON Web Token' }) })
  openAPIRegistry.registerPath({
    method: 'post',
    path: AUTH_PATH,
    summary: 'A token for the account that has signed the challenge (SEP-10)',
    request: {
      body: {
        required: true,
        content: {
          'application/json': { schema: Transaction },
          'application/x-www-form-urlencoded': { schema: Transaction },
        },
      },
    },
    responses: {
      200: content('ok', schema),
      ...errors({
        400: 'the challenge is not valid, or not signed by enough signers of the account',
        404: NO_SERVER,
        413: 'the body is too large',
        415: 'the body has another type',
        503: 'the signers of the account cannot be read from the network',
      }),
    },
  })
}
