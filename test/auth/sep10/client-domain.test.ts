import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createFindSigningKey, isDomainName } from '../../../src/auth/sep10/client-domain.ts'
import type { FindOptions } from '../../../src/auth/sep10/client-domain.ts'
import { Refusal } from '../../../src/auth/sep10/refusal.ts'
import { signingKeyIn, stellarToml } from '../../../src/auth/sep10/stellar-toml.ts'

const KEY = 'GBRPYHIL2CI3FNQ4BXLFMNDLFJUNPU2HY3ZMFSHONUCEOASW7QC7OX2H'
const PEM = readFileSync(
  new URL('../../support/certificates/wallet.example.pem', import.meta.url),
  'utf8',
)
const HERE = { address: '127.0.0.1', family: 4 }

/** A server for wallet.example; `seen` are the paths that were asked for. */
async function serve(answer: RequestListener) {
  const seen: (string | undefined)[] = []
  const server = createServer({ key: PEM, cert: PEM }, (request, response) => {
    seen.push(request.url)
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const options: FindOptions = {
    port,
    ca: PEM,
    resolve: async () => [HERE],
    isAllowed: () => true,
  }
  return { options, seen }
}

describe('the key of a client domain', () => {
  test('comes from its stellar.toml, over https', async () => {
    const { options, seen } = await serve((_, response) => {
      response.end(`VERSION="2"\nSIGNING_KEY = "${KEY}" # ours\n[[CURRENCIES]]\ncode="X"\n`)
    })
    expect(await createFindSigningKey(options)('wallet.example')).toBe(KEY)
    expect(seen).toEqual(['/.well-known/stellar.toml'])
  })

  test('is not asked for at an address that is not public', async () => {
    const { options, seen } = await serve((_, response) => void response.end())
    const { isAllowed: _, ...guarded } = options
    const find = createFindSigningKey(guarded)
    await expect(find('wallet.example')).rejects.toThrow(/not public/)
    const mixed = [{ address: '8.8.8.8', family: 4 }, HERE]
    const other = createFindSigningKey({ ...guarded, resolve: async () => mixed })
    await expect(other('wallet.example')).rejects.toThrow(/not public/)
    expect(seen).toEqual([])
  })

  test('is looked for at the addresses that were checked: the name is not resolved again', async () => {
    const { options } = await serve((_, response) => void response.end(`SIGNING_KEY="${KEY}"`))
    let asked = 0
    const resolve = async () => {
      asked += 1
      return [HERE]
    }
    await createFindSigningKey({ ...options, resolve })('wallet.example')
    expect(asked).toBe(1)
  })

  test.for<[string, RequestListener]>([
    [
      'a redirect',
      (_, response) => void response.writeHead(302, { location: 'https://other.example/' }).end(),
    ],
    ['an error', (_, response) => void response.writeHead(404).end(`SIGNING_KEY="${KEY}"`)],
    ['a file without a key', (_, response) => void response.end('VERSION="2"')],
    ['a file that is too large', (_, response) => void response.end('#'.repeat(110_000))],
    ['an answer that breaks off', (_, response) => void response.socket?.destroy()],
  ])('is not taken from %s', async ([, answer]) => {
    const { options, seen } = await serve(answer)
    await expect(createFindSigningKey(options)('wallet.example')).rejects.toThrow(Refusal)
    expect(seen).toHaveLength(1)
  })

  test('is not taken from a server whose certificate is for another name, or not trusted', async () => {
    const { options, seen } = await serve(
      (_, response) => void response.end(`SIGNING_KEY="${KEY}"`),
    )
    await expect(createFindSigningKey(options)('evil.example')).rejects.toThrow(Refusal)
    const { ca: _, ...untrusting } = options
    await expect(createFindSigningKey(untrusting)('wallet.example')).rejects.toThrow(Refusal)
    expect(seen).toEqual([])
  })

  test('is looked up for a few clients at once', async () => {
    const waiting: (() => void)[] = []
    const { options } = await serve((_, response) => {
      waiting.push(() => response.end(`SIGNING_KEY="${KEY}"`))
      if (waiting.length === 8) for (const release of waiting) release()
    })
    const find = createFindSigningKey(options)
    const results = await Promise.allSettled(
      Array.from({ length: 9 }, () => find('wallet.example')),
    )
    expect(results.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 8 }, () => 'fulfilled'),
      'rejected',
    ])
  })
})

test.for(['wallet.example', 'a.b.c.example.com', 'xn--bcher-kva.example', 'Wallet.Example'])(
  '%s is the name of a domain',
  (name) => {
    expect(isDomainName(name)).toBe(true)
  },
)

test.for([
  '',
  'localhost',
  '127.0.0.1',
  '127.1',
  '1.0x7f',
  '0x7f.1',
  '[::1]',
  'wallet.example:8443',
  'user@wallet.example',
  'wallet.example/path',
  'wallet.example#',
  'wallet.example.',
  '.example',
  'wallet..example',
  '-a.example',
  'a_b.example',
  'wallet.example\n',
  `${'a'.repeat(60)}.example`,
])('%j is not the name of a domain', (name) => {
  expect(isDomainName(name)).toBe(false)
})

test('our own stellar.toml can be read', () => {
  const toml = stellarToml({
    homeDomain: 'flow.example.com',
    signingKey: KEY,
    networkPassphrase: 'A "quoted" network ; 2026',
  })
  expect(toml).toContain('WEB_AUTH_ENDPOINT="https://flow.example.com/auth"\n')
  expect(toml).toContain(String.raw`NETWORK_PASSPHRASE="A \"quoted\" network ; 2026"`)
  expect(signingKeyIn(toml)).toBe(KEY)
})

test.for([
  [`[X]\nSIGNING_KEY="${KEY}"`],
  [`# SIGNING_KEY="${KEY}"`],
  [`SIGNING_KEY="${KEY.slice(1)}"`],
  [`SIGNING_KEY=${KEY}`],
  ['SIGNING_KEY="CAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD2KM"'],
])('%j has no signing key', ([toml]) => {
  expect(signingKeyIn(toml!)).toBeUndefined()
})
