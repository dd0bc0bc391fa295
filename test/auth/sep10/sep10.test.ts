import {
  Account,
  BASE_FEE,
  Keypair,
  MuxedAccount,
  Networks,
  Operation,
  TransactionBuilder,
  WebAuth,
} from '@stellar/stellar-sdk'
import { fc, test as property } from '@fast-check/vitest'
import { decodeJwt } from 'jose'
import { afterAll, describe, expect, test } from 'vitest'
import { createSep10 } from '../../../src/auth/sep10/sep10.ts'
import type { Sep10, Sep10Deps } from '../../../src/auth/sep10/sep10.ts'
import { Refusal, Unavailable } from '../../../src/auth/sep10/refusal.ts'
import { createTokens } from '../../../src/auth/tokens.ts'
import { createVault } from '../../../src/auth/vault.ts'
import { accountEntry } from '../../support/account-entry.ts'
import type { AccountState } from '../../support/account-entry.ts'

const DOMAIN = 'flow.example.com'
const NETWORK = Networks.TESTNET
const server = Keypair.random()
const user = Keypair.random()
const wallet = Keypair.random()
const tokens = createTokens({ secrets: ['a secret of at least thirty-two bytes'] })
/** By LedgerKey; an error: the RPCs do not answer. */
const ledger = new Map<string, string | Error>()
let skewMs = 0

function open(deps: Partial<Sep10Deps> = {}): Sep10 {
  const settings = {
    signingKey: server.secret(),
    homeDomain: DOMAIN,
    networkPassphrase: NETWORK,
    tokenSeconds: 600,
  }
  return createSep10(settings, {
    tokens,
    vault: createVault(),
    now: () => Date.now() + skewMs,
    async readAccount(ledgerKey) {
      const entry = ledger.get(ledgerKey)
      if (entry instanceof Error) throw entry
      return entry
    },
    findSigningKey: async (domain) => (domain === DOMAIN ? server : wallet).publicKey(),
    ...deps,
  })
}

const sep10 = open()
afterAll(() => sep10.close())

/** Writes the account into the ledger. */
function exists(account: Keypair, state: AccountState): void {
  const { key, entry } = accountEntry(account, state)
  ledger.set(key, entry)
}

function signed(transaction: string, ...signers: Keypair[]): string {
  const built = TransactionBuilder.fromXDR(transaction, NETWORK)
  built.sign(...signers)
  return built.toXDR()
}

async function tokenFor(account: Keypair, ...signers: Keypair[]): Promise<string> {
  const challenge = await sep10.challenge({ account: account.publicKey() })
  return sep10.token(signed(challenge, ...signers))
}

describe('a challenge', () => {
  test('is what the SDK of a wallet accepts', async () => {
    const transaction = await sep10.challenge({ account: user.publicKey(), memo: '7' })
    const read = WebAuth.readChallengeTx(transaction, server.publicKey(), NETWORK, DOMAIN, DOMAIN)
    expect(read).toMatchObject({ clientAccountID: user.publicKey(), memo: '7' })
    const { minTime, maxTime } = read.tx.timeBounds!
    expect(Number(maxTime) - Number(minTime)).toBe(900)
  })

  test('is for the home domain only', async () => {
    const account = user.publicKey()
    await expect(sep10.challenge({ account, homeDomain: DOMAIN })).resolves.toBeTypeOf('string')
    await expect(sep10.challenge({ account, homeDomain: 'evil.example' })).rejects.toThrow(
      /home_domain: .* flow\.example\.com/,
    )
  })

  test('is refused for a muxed account with a wrong checksum', async () => {
    const account = `M${'A'.repeat(68)}`
    await expect(sep10.challenge({ account })).rejects.toThrow(Refusal)
  })

  test('is refused for a client domain that has our own key', async () => {
    const account = user.publicKey()
    await expect(sep10.challenge({ account, clientDomain: DOMAIN })).rejects.toThrow(Refusal)
  })
})

describe('a token', () => {
  test('is for an account that does not exist, if its master key has signed', async () => {
    const claims = decodeJwt(await tokenFor(user, user))
    expect(claims).toMatchObject({ sub: user.publicKey(), iss: `https://${DOMAIN}/auth` })
    expect(claims.exp! - claims.iat!).toBe(600)
    expect(await tokens.verify(await tokenFor(user, user))).toMatchObject({
      subject: user.publicKey(),
      seesAll: false,
    })
  })

  test('names the memo or the muxed account', async () => {
    const account = user.publicKey()
    const memo = await sep10.token(signed(await sep10.challenge({ account, memo: '42' }), user))
    expect(decodeJwt(memo).sub).toBe(`${account}:42`)
    const muxed = new MuxedAccount(new Account(account, '0'), '42').accountId()
    const token = await sep10.token(signed(await sep10.challenge({ account: muxed }), user))
    expect(decodeJwt(token).sub).toBe(muxed)
  })

  test('names the client domain whose key has signed, too', async () => {
    const request = { account: user.publicKey(), clientDomain: 'wallet.example' }
    const token = await sep10.token(signed(await sep10.challenge(request), user, wallet))
    expect(decodeJwt(token)).toMatchObject({
      sub: user.publicKey(),
      client_domain: 'wallet.example',
    })
    await expect(sep10.token(signed(await sep10.challenge(request), user))).rejects.toThrow(Refusal)
    await expect(sep10.token(signed(await sep10.challenge(request), wallet))).rejects.toThrow(
      Refusal,
    )
  })

  test('is given once for a challenge, also when others sign it', async () => {
    const second = Keypair.random()
    const account = Keypair.random()
    exists(account, { signers: [[second, 1]] })
    const challenge = await sep10.challenge({ account: account.publicKey() })
    const results = await Promise.allSettled([
      sep10.token(signed(challenge, account)),
      sep10.token(signed(challenge, account)),
      sep10.token(signed(challenge, second)),
    ])
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await expect(sep10.token(signed(challenge, second))).rejects.toThrow(/used already/)
  })

  test('needs the medium threshold of an account that exists', async () => {
    const [account, first, second, stranger] = [1, 2, 3, 4].map(() => Keypair.random()) as [
      Keypair,
      Keypair,
      Keypair,
      Keypair,
    ]
    exists(account, {
      master: 1,
      medium: 3,
      signers: [
        [first, 2],
        [second, 1],
      ],
    })
    expect(decodeJwt(await tokenFor(account, first, second)).sub).toBe(account.publicKey())
    expect(decodeJwt(await tokenFor(account, account, first)).sub).toBe(account.publicKey())
    await expect(tokenFor(account, account, second)).rejects.toThrow(Refusal)
    await expect(tokenFor(account, account)).rejects.toThrow(Refusal)
    await expect(tokenFor(account, first, second, stranger)).rejects.toThrow(Refusal)
    await expect(tokenFor(account, first, first)).rejects.toThrow(Refusal)
    await expect(tokenFor(account)).rejects.toThrow(Refusal)
  })

  test('is not given to a master key without weight, not even at threshold 0', async () => {
    const [account, signer] = [Keypair.random(), Keypair.random()]
    exists(account, { master: 0, medium: 0, signers: [[signer, 1]] })
    await expect(tokenFor(account, account)).rejects.toThrow(Refusal)
    expect(decodeJwt(await tokenFor(account, signer)).sub).toBe(account.publicKey())
  })

  test('is not given to the server in the account’s name', async () => {
    const account = Keypair.random()
    exists(account, { signers: [[server, 255]] })
    await expect(tokenFor(account)).rejects.toThrow(Refusal)
    await expect(tokenFor(account, server)).rejects.toThrow(Refusal)
    await expect(tokenFor(server, server)).rejects.toThrow(Refusal)
  })

  test('is a matter of later while no RPC says who may sign', async () => {
    const account = Keypair.random()
    exists(account, {})
    const [key] = [...ledger.keys()].slice(-1)
    for (const trouble of [new Error('no RPC'), 'AAAA']) {
      ledger.set(key!, trouble)
      await expect(tokenFor(account, account)).rejects.toThrow(Unavailable)
    }
    const other = Keypair.random()
    exists(other, {})
    ledger.set(key!, [...ledger.values()].at(-1)!)
    await expect(tokenFor(account, account)).rejects.toThrow(Unavailable)
  })
})

describe('a challenge is not valid when it', () => {
  const whole = sep10
    .challenge({ account: user.publicKey() })
    .then((challenge) => signed(challenge, user))
  const build = (by: Keypair, domain = DOMAIN, web = DOMAIN, network = NETWORK as string) =>
    WebAuth.buildChallengeTx(by, user.publicKey(), domain, 900, network, web)

  test.for<[string, () => string]>([
    ['was issued by another server', () => signed(build(Keypair.random()), user)],
    ['is for another domain', () => signed(build(server, 'evil.example'), user)],
    ['was issued at another domain', () => signed(build(server, DOMAIN, 'evil.example'), user)],
    ['is for another network', () => signed(build(server, DOMAIN, DOMAIN, Networks.PUBLIC), user)],
    ['is no transaction', () => 'AAAA'],
    ['is no base64', () => '§'],
    ['is empty', () => ''],
    [
      'is a payment',
      () =>
        signed(
          new TransactionBuilder(new Account(server.publicKey(), '-1'), {
            fee: BASE_FEE,
            networkPassphrase: NETWORK,
          })
            .addOperation(Operation.bumpSequence({ bumpTo: '1', source: user.publicKey() }))
            .setTimeout(300)
            .build()
            .toXDR(),
          server,
          user,
        ),
    ],
  ])('%s', async ([, make]) => {
    await expect(sep10.token(make())).rejects.toThrow(Refusal)
  })

  property.prop([fc.nat(), fc.integer({ min: 1, max: 255 })], { numRuns: 50 })(
    'P9: has one byte changed, whichever it is',
    async (at, bits) => {
      const bytes = Buffer.from(await whole, 'base64')
      bytes[at % bytes.length]! ^= bits
      await expect(sep10.token(bytes.toString('base64'))).rejects.toThrow(Refusal)
    },
  )

  test('P9: is cut short, or followed by something', async () => {
    const bytes = Buffer.from(await whole, 'base64')
    const spoilt = [
      ...[0, 1, 4, 5, 100, bytes.length - 4, bytes.length - 1].map((end) => bytes.subarray(0, end)),
      Buffer.concat([bytes, Buffer.alloc(4)]),
    ]
    for (const each of spoilt) {
      await expect(sep10.token(each.toString('base64'))).rejects.toThrow(Refusal)
    }
  })

  test('has expired, or was issued before the server started', async () => {
    const challenge = signed(await sep10.challenge({ account: user.publicKey() }), user)
    skewMs = 901_000
    await expect(sep10.token(challenge)).rejects.toThrow(/expired/)
    const later = open({ vault: createVault(() => Date.now() + skewMs) })
    skewMs = 0
    await expect(later.token(challenge)).rejects.toThrow(/started since/)
    await later.close()
    await expect(sep10.token(challenge)).resolves.toBeTypeOf('string')
  })
})
