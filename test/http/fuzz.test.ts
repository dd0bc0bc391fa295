import { fc } from '@fast-check/vitest'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describe } from '../support/described/every-answer.ts'
import { requestsOf } from '../support/described/requests.ts'
import type { Asked, Known } from '../support/described/requests.ts'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { ADMIN_TOKEN, startIssuer } from '../support/tokens.ts'
import type { Issuer } from '../support/tokens.ts'

const RUNS = 300

let daemons: FeedDaemon[]
let issuer: Issuer

beforeAll(async () => {
  issuer = await startIssuer()
  const start = (env: Record<string, string>) =>
    // Nobody waits: a request that would have to is refused at once.
    startFeedDaemon({ recording: 'quirks', env: { ...env, MAX_WAITING: '0' } })
  daemons = await Promise.all([start({ ADMIN_TOKEN }), start(issuer.env)])
  await Promise.all(daemons.map(({ indexed }) => indexed()))
})
afterAll(async () => {
  await Promise.all(daemons.map(({ close }) => close()))
  issuer.close()
})

/** Sends a request and reads the answer, which `fetch` compares with the document. */
async function ask(daemon: FeedDaemon, { method, target, headers, body }: Asked): Promise<number> {
  const leaving = new AbortController()
  const signal = AbortSignal.any([leaving.signal, AbortSignal.timeout(PATIENCE_MS)])
  const takesBody = !['GET', 'HEAD'].includes(method) && body !== undefined
  const response = await fetch(`${daemon.url}${target}`, {
    method,
    headers,
    signal,
    ...(takesBody && { body }),
  })
  const isFeed = response.headers.get('content-type') === 'text/event-stream'
  if (!isFeed) await response.text()
  leaving.abort()
  if (response.status === 503) expect(isExpected(response, target)).toBe(true)
  else expect(response.status).toBeLessThan(500)
  return response.status
}

/** Who cannot wait is told when to come back; `/ready` is about the RPC; the page may not be built. */
function isExpected({ headers }: Response, target: string): boolean {
  return headers.has('retry-after') || target.startsWith('/ready') || target.split('?')[0] === '/'
}

function knownTo({ log }: FeedDaemon, credentials: string[]): Known {
  const events = log().map(({ data }) => JSON.parse(data) as Record<string, string>)
  const all = (field: string) => [...new Set(events.map((event) => event[field] ?? ''))]
  const filled = (...fields: string[]) => fields.flatMap(all).filter((text) => text !== '')
  return {
    addresses: filled('sender', 'recipient', 'tokenAddress'),
    positions: filled('id').slice(0, 20),
    hashes: filled('transactionHash'),
    credentials,
  }
}

test('P8: no request that the OpenAPI document suggests finds a failure, a hang, or an answer that is not described', async () => {
  const { document } = await describe()
  const [open] = daemons as [FeedDaemon]
  const sender = knownTo(open, []).addresses[0]!
  const tokens = [ADMIN_TOKEN, await issuer.tokenOf(sender), 'x', '']
  const bearers = tokens.map((token) => `Bearer ${token}`)
  const known = knownTo(open, [...bearers, ...bearers.slice(0, 2), 'Basic eDp4'])
  const statuses = new Map<number, number>()
  const asked = fc.tuple(fc.nat(1), requestsOf(document, known))
  await fc.assert(
    fc.asyncProperty(asked, async ([mode, request]) => {
      const status = await ask(daemons[mode]!, request)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }),
    { numRuns: RUNS },
  )
  // Most requests get somewhere.
  expect(statuses.get(200)).toBeGreaterThan(RUNS / 20)
})
