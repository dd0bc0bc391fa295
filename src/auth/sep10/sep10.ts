import { createPrivateKey, createPublicKey } from 'node:crypto'
import { decodeSeed, encodeAddress } from '../../domain/strkey.ts'
import type { Tokens } from '../tokens.ts'
import type { Vault } from '../vault.ts'
import { createChallengeThread } from './challenge-thread.ts'
import type { ChallengeSettings, SignedChallenge } from './challenges.ts'
import { createFindSigningKey } from './client-domain.ts'
import type { FindSigningKey } from './client-domain.ts'
import { Refusal, Unavailable } from './refusal.ts'
import { stellarToml } from './stellar-toml.ts'

/**
 * A SEP-10 server: who can sign for a Stellar account gets a token for it.
 *
 * - `sep10.ts` the two steps: a challenge, and a token for the signed challenge
 * - `challenges.ts` builds and checks them with the SDK; `challenge-thread.ts` and
 *   `challenge.thread.ts` are the two ends of the thread in which that happens
 * - `client-domain.ts` the key of a domain that a client names; `stellar-toml.ts` the file it is in,
 *   and our own
 * - `refusal.ts` the errors
 */
export interface Sep10 {
  networkPassphrase: string
  /** The content of `/.well-known/stellar.toml`. */
  stellarToml: string
  /** A transaction to sign. Throws Refusal or Unavailable. */
  challenge(request: Sep10Request): Promise<string>
  /** A token for the account that has signed the challenge. Throws Refusal or Unavailable. */
  token(transaction: string): Promise<string>
  close(): Promise<void>
}

export interface Sep10Request {
  /** G… or M…. */
  account: string
  /** A u64, for an account that several users share. */
  memo?: string | undefined
  homeDomain?: string | undefined
  clientDomain?: string | undefined
}

export interface Sep10Settings extends ChallengeSettings {
  tokenSeconds: number
}

/**
 * The base64 LedgerEntryData of an account by its base64 LedgerKey; undefined if the network does
 * not have the account. Rejects if no RPC can tell.
 */
export type ReadAccount = (ledgerKey: string, signal: AbortSignal) => Promise<string | undefined>

export interface Sep10Deps {
  tokens: Pick<Tokens, 'issue'>
  /** Shared by all processes that serve. */
  vault: Vault
  readAccount: ReadAccount
  findSigningKey?: FindSigningKey
  /** Unix milliseconds. */
  now?: () => number
}

/** How long the RPCs have for an answer: a person waits for it. */
const ACCOUNT_MS = 8_000

export function createSep10(settings: Sep10Settings, deps: Sep10Deps): Sep10 {
  const { signingKey, homeDomain, networkPassphrase, tokenSeconds } = settings
  const { tokens, vault, readAccount, now = Date.now } = deps
  const { findSigningKey = createFindSigningKey() } = deps
  const thread = createChallengeThread({ signingKey, homeDomain, networkPassphrase })

  return {
    networkPassphrase,
    stellarToml: stellarToml({
      homeDomain,
      networkPassphrase,
      signingKey: publicKeyOf(signingKey),
    }),
    async challenge({ account, memo, homeDomain: wanted = homeDomain, clientDomain }) {
      if (wanted !== homeDomain) {
        throw new Refusal(`home_domain: this server signs for ${homeDomain} only; leave it out`)
      }
      return thread.create({
        account,
        memo,
        clientDomain:
          clientDomain === undefined
            ? undefined
            : { domain: clientDomain, signingKey: await findSigningKey(clientDomain) },
      })
    },
    async token(transaction) {
      const challenge = await thread.read(transaction)
      const { account, memo, clientDomain, ledgerKey, expiresAt } = challenge
      if (expiresAt * 1_000 < now()) throw refusal('it has expired')
      await thread.verify({ transaction, entry: await entryOf(ledgerKey, readAccount) })
      if (!(await isFirst(challenge, vault))) {
        throw refusal('it was used already, or the server has started since')
      }
      const subject = memo === undefined ? account : `${account}:${memo}`
      const { token } = await tokens.issue(subject, tokenSeconds, {
        iss: `https://${homeDomain}/auth`,
        ...(clientDomain !== undefined && { client_domain: clientDomain }),
      })
      return token
    },
    close: thread.close,
  }
}

async function entryOf(ledgerKey: string, readAccount: ReadAccount): Promise<string | undefined> {
  try {
    return await readAccount(ledgerKey, AbortSignal.timeout(ACCOUNT_MS))
  } catch (cause) {
    throw new Unavailable(
      'the signers of the account cannot be read from the network at the moment; try again later',
      { cause },
    )
  }
}

/** By the hash, which does not depend on who signed the challenge. */
async function isFirst(challenge: SignedChallenge, vault: Vault): Promise<boolean> {
  const issuedAt = challenge.issuedAt * 1_000
  // The next second is the first in which it has expired for certain.
  const expiresAt = (challenge.expiresAt + 1) * 1_000
  try {
    return await vault.claim(`sep10:${challenge.hash}`, { issuedAt, expiresAt })
  } catch (cause) {
    throw new Unavailable('challenges cannot be checked at the moment; try again later', { cause })
  }
}

function refusal(reason: string): Refusal {
  return new Refusal(`the challenge is not valid (${reason}); ask for a new one with GET /auth`)
}

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The public key, G…, of a secret key. The SDK can tell, too, but is not loaded here. */
function publicKeyOf(secretKey: string): string {
  const seed = decodeSeed(secretKey)
  if (seed === undefined) throw new Error('not a secret key')
  const key = Buffer.concat([PKCS8_ED25519, seed])
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' })
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  return encodeAddress('account', Buffer.from(x, 'base64url'))
}
