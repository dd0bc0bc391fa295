import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Keypair, StellarToml, TransactionBuilder, WebAuth } from '@stellar/stellar-sdk'
import { decodeJwt } from 'jose'
import { afterAll, describe, expect, test } from 'vitest'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { accountEntry } from '../support/account-entry.ts'
import { openSetup } from '../support/daemon.ts'
import { loadRecording } from '../support/recordings.ts'

const DOMAIN = 'flow.example.com'
const recording = await loadRecording('first-steps')
const NETWORK = recording.header.network.passphrase
const server = Keypair.random()
const user = Keypair.random()

/** The simulator has the contract's entries only; this RPC before it has accounts, too. */
const accounts = new Map<string, string>()
const simulator = await createSimulator({
  recording,
  speed: Infinity,
  retentionWindow: 1_000_000,
})
const rpc = createServer((request, response) => void answerRpc(request, response))
async function answerRpc(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request)
  const { method, params } = JSON.parse(body) as { method: string; params?: { keys?: string[] } }
  const [key = ''] = params?.keys ?? []
  const xdr = method === 'getLedgerEntries' ? accounts.get(key) : undefined
  if (xdr === undefined) {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(simulator.url, { method: 'POST', headers, body })
    response.end(await answer.text())
    return
  }
  const result = { entries: [{ key, xdr, lastModifiedLedgerSeq: 1 }], latestLedger: 2 }
  response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result }))
}
rpc.listen(0, '127.0.0.1')
await once(rpc, 'listening')

const setup = await openSetup(recording, {
  env: {
    RPC_URL: `http://127.0.0.1:${(rpc.address() as AddressInfo).port}`,
    AUTH: 'jwt',
    JWT_SECRET: 'a secret of at least thirty-two bytes',
    JWT_AUDIENCE: 'flowfi',
    SEP10_SIGNING_KEY: server.secret(),
    HOME_DOMAIN: DOMAIN,
    TOKEN_SECONDS: '600',
  },
})
afterAll(async () => {
  await setup.close()
  rpc.close()
  rpc.closeAllConnections()
  await simulator.close()
})
const { url } = setup.daemon

async function signedChallenge(
  query: Record<string, string> = {},
  signers = [user],
): Promise<string> {
  const search = new URLSearchParams({ account: user.publicKey(), ...query })
  const response = await fetch(`${url}/auth?${search.toString()}`)
  expect(response.status).toBe(200)
  const answer = (await response.json()) as { transaction: string; network_passphrase: string }
  expect(answer.network_passphrase).toBe(NETWORK)
  // What a wallet does before it signs.
  WebAuth.readChallengeTx(answer.transaction, server.publicKey(), NETWORK, DOMAIN, DOMAIN)
  const transaction = TransactionBuilder.fromXDR(answer.transaction, NETWORK)
  transaction.sign(...signers)
  return transaction.toXDR()
}

function post(body: string | URLSearchParams, type?: string): Promise<Response> {
  const headers = type === undefined ? {} : { 'content-type': type }
  return fetch(`${url}/auth`, { method: 'POST', body, headers })
}

describe('a wallet', () => {
  test('finds the server by its stellar.toml', async () => {
    const response = await fetch(`${url}/.well-known/stellar.toml`)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(await response.text()).toBe(
      `NETWORK_PASSPHRASE="${NETWORK}"\nWEB_AUTH_ENDPOINT="https://${DOMAIN}/auth"\nSIGNING_KEY="${server.publicKey()}"\n`,
    )
    const { host } = new URL(url)
    const parsed = await StellarToml.Resolver.resolve(host, { allowHttp: true })
    expect(parsed.SIGNING_KEY).toBe(server.publicKey())
  })

  test.for(['JSON', 'form'])('gets a token that the API takes, by %s', async (form) => {
    const transaction = await signedChallenge()
    const response =
      form === 'form'
        ? await post(new URLSearchParams({ transaction }))
        : await post(JSON.stringify({ transaction }), 'application/json; charset=utf-8')
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const answer = (await response.json()) as { token: string }
    expect(Object.keys(answer)).toEqual(['token'])
    expect(decodeJwt(answer.token)).toMatchObject({ sub: user.publicKey(), aud: 'flowfi' })
    const authorization = `Bearer ${answer.token}`
    const streams = await fetch(`${url}/streams`, { headers: { authorization } })
    expect(streams.status).toBe(200)
    expect(await streams.json()).toMatchObject({ data: [] })
  })

  test('needs the signers that the account has on the network', async () => {
    const [account, first, second] = [Keypair.random(), Keypair.random(), Keypair.random()]
    const { key, entry } = accountEntry(account, {
      medium: 3,
      signers: [
        [first, 2],
        [second, 1],
      ],
    })
    accounts.set(key, entry)
    const statusOf = async (...signers: Keypair[]) => {
      const transaction = await signedChallenge({ account: account.publicKey() }, signers)
      return (await post(new URLSearchParams({ transaction }))).status
    }
    expect(await statusOf(account)).toBe(400)
    expect(await statusOf(account, second)).toBe(400)
    expect(await statusOf(first, second)).toBe(200)
  })

  test('gets one token for a challenge', async () => {
    const body = JSON.stringify({ transaction: await signedChallenge({ memo: '7' }) })
    const answers = [
      await post(body, 'application/json'),
      await post(body, 'application/json'),
    ] as const
    expect(answers.map(({ status }) => status)).toEqual([200, 400])
    const { token } = (await answers[0].json()) as { token: string }
    expect(decodeJwt(token).sub).toBe(`${user.publicKey()}:7`)
    expect(await answers[1].json()).toEqual({ error: expect.stringMatching(/used already/) })
  })
})

const CONTRACT = recording.header.contractId

test.for<[string, number, RegExp]>([
  ['', 400, /account/],
  ['account=CONTRACT', 400, /contract/],
  ['account=GAAA', 400, /account: .*checksum/],
  ['account=MUXED', 400, /muxed/],
  ['account=USER&memo=x', 400, /memo: .*whole number/],
  ['account=USER&memo=18446744073709551616', 400, /memo/],
  ['account=MUXED&memo=1', 400, /memo: a muxed account/],
  ['account=USER&account=USER', 400, /more than once/],
  ['account=USER&acount=1', 400, /acount: unknown parameter/],
  ['account=USER&home_domain=evil.example', 400, /home_domain/],
  ['account=USER&client_domain=127.0.0.1', 400, /client_domain/],
  ['account=USER&client_domain=localhost', 400, /client_domain/],
])('GET /auth?%s is refused in the form of SEP-10', async ([query, status, reason]) => {
  const known = query
    .replaceAll('USER', user.publicKey())
    .replace('CONTRACT', CONTRACT)
    .replace('MUXED', `M${'A'.repeat(68)}`)
  const response = await fetch(`${url}/auth?${known}`)
  expect(response.status).toBe(status)
  expect(response.headers.get('content-type')).toMatch(/^application\/json/)
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  expect(await response.json()).toEqual({ error: expect.stringMatching(reason) })
})

test.for<[string, string, string, number]>([
  ['not JSON', '{', 'application/json', 400],
  ['without a transaction', '{}', 'application/json', 400],
  ['with a list', '{"transaction":["a","b"]}', 'application/json', 400],
  ['with something else', '{"transaction":"AAAA","x":"y"}', 'application/json', 400],
  ['that is no challenge', '{"transaction":"AAAA"}', 'application/json', 400],
  [
    'that is too large',
    'transaction='.padEnd(20_000, 'A'),
    'application/x-www-form-urlencoded',
    413,
  ],
  ['of another type', 'AAAA', 'text/plain', 415],
])('POST /auth with a body %s is refused in the form of SEP-10', async ([, body, type, status]) => {
  const response = await post(body, type)
  expect(response.status).toBe(status)
  expect(await response.json()).toEqual({ error: expect.any(String) })
})

test('a long refusal is compressed, in the form of SEP-10', async () => {
  const unknown = Array.from({ length: 100 }, (_, at) => `unknown${at}=`)
  const response = await fetch(`${url}/auth?${unknown.join('&')}`)
  expect(response.headers.get('content-encoding')).not.toBeNull()
  expect(await response.json()).toEqual({ error: expect.stringContaining('unknown99') })
})

test('other methods of /auth are refused, and preflights are answered', async () => {
  const put = await fetch(`${url}/auth`, { method: 'PUT' })
  expect(put.status).toBe(405)
  expect(put.headers.get('allow')).toBe('GET, HEAD, POST, OPTIONS')
  expect(await put.json()).toEqual({ error: expect.any(String) })
  const preflight = await fetch(`${url}/auth`, {
    method: 'OPTIONS',
    headers: { origin: 'https://wallet.example', 'access-control-request-method': 'POST' },
  })
  expect(preflight.status).toBe(204)
  expect(preflight.headers.get('access-control-allow-methods')).toMatch(/POST/)
})

// The last test: the RPC does not come back.
test('without an RPC nobody gets a token: an account may exist', async () => {
  const transaction = await signedChallenge()
  rpc.close()
  rpc.closeAllConnections()
  const response = await post(JSON.stringify({ transaction }), 'application/json')
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBeTruthy()
  expect(await response.json()).toEqual({ error: expect.stringMatching(/signers/) })
})
