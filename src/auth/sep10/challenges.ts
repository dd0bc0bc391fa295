import { extractBaseAddress, Keypair, StrKey, WebAuth, xdr } from '@stellar/stellar-sdk'
import { Refusal } from './refusal.ts'

/**
 * Challenges and their signatures, by the SDK's functions. Loading the SDK and checking signatures
 * takes the CPU for longer than a request of someone else may wait, so all of this runs in
 * `challenge.thread.ts`.
 */

export interface ChallengeSettings {
  /** The server's secret key, S…. */
  signingKey: string
  homeDomain: string
  networkPassphrase: string
}

export interface ChallengeRequest {
  /** G… or M…. */
  account: string
  /** A u64, for an account that several users share. */
  memo: string | undefined
  clientDomain: ClientDomain | undefined
}

export interface ClientDomain {
  domain: string
  /** The domain's own key, which signs the challenge too. */
  signingKey: string
}

/** A challenge that this server has issued. Who signed it is not known yet. */
export interface SignedChallenge {
  /** G… or M…, as it was asked for. */
  account: string
  memo: string | undefined
  clientDomain: string | undefined
  /** Base64 LedgerKey of the account. */
  ledgerKey: string
  /** The same for every set of signatures. */
  hash: string
  /** Unix seconds. */
  issuedAt: number
  expiresAt: number
}

/** A transaction, and the account as the ledger has it: base64 LedgerEntryData. */
export interface Evidence {
  transaction: string
  /** Undefined if the account does not exist. */
  entry: string | undefined
}

export interface Challenges {
  /** Throws Refusal. */
  create(request: ChallengeRequest): string
  /** Throws Refusal unless this server has issued the challenge and it has not expired. */
  read(transaction: string): SignedChallenge
  /** Throws Refusal unless the account's signers reach its medium threshold. */
  verify(evidence: Evidence): void
}

/** How long a wallet has for signing. */
const VALID_SECONDS = 900
/** The largest weight that counts. */
const MOST_WEIGHT = 255

export function createChallenges(settings: ChallengeSettings): Challenges {
  const { signingKey, homeDomain, networkPassphrase } = settings
  const server = Keypair.fromSecret(signingKey)
  const serverId = server.publicKey()

  function read(transaction: string): SignedChallenge {
    return refusing(() => readTransaction(transaction, { ...settings, serverId }))
  }

  return {
    read,
    create({ account, memo, clientDomain }) {
      if (account.startsWith('M') && !StrKey.isValidMed25519PublicKey(account)) {
        throw new Refusal('account: not a valid muxed account; correct the address')
      }
      // Our own signature would count as the domain's.
      if (clientDomain?.signingKey === serverId) {
        throw new Refusal('client_domain: its SIGNING_KEY is the one of this server')
      }
      return WebAuth.buildChallengeTx(
        server,
        account,
        homeDomain,
        VALID_SECONDS,
        networkPassphrase,
        homeDomain,
        memo,
        clientDomain?.domain,
        clientDomain?.signingKey,
      )
    },
    verify({ transaction, entry }) {
      const { account } = read(transaction)
      const { signers, threshold } = signersOf(extractBaseAddress(account), entry)
      refusing(() =>
        WebAuth.verifyChallengeTxThreshold(
          transaction,
          serverId,
          networkPassphrase,
          threshold,
          signers,
          homeDomain,
          homeDomain,
        ),
      )
    },
  }
}

interface Expected extends Omit<ChallengeSettings, 'signingKey'> {
  /** The server's public key. */
  serverId: string
}

/** Throws unless this server has issued the transaction. */
function readTransaction(
  transaction: string,
  { serverId, networkPassphrase, homeDomain }: Expected,
): SignedChallenge {
  const { tx, clientAccountID, memo } = WebAuth.readChallengeTx(
    transaction,
    serverId,
    networkPassphrase,
    homeDomain,
    homeDomain,
  )
  if (tx.signatures.length < 2) throw new Error('the client has not signed it')
  const { minTime = '0', maxTime = '0' } = tx.timeBounds ?? {}
  const domain = tx.operations.find(isClientDomain)
  return {
    account: clientAccountID,
    memo: memo ?? undefined,
    clientDomain: domain && Buffer.from(domain.value ?? []).toString(),
    ledgerKey: ledgerKeyOf(extractBaseAddress(clientAccountID)),
    hash: Buffer.from(tx.hash()).toString('hex'),
    issuedAt: Number(minTime),
    expiresAt: Number(maxTime),
  }
}

/** Whatever the SDK cannot do with a client's transaction is a fault of the transaction. */
function refusing<T>(check: () => T): T {
  try {
    return check()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Refusal(`the challenge is not valid (${reason}); ask for a new one with GET /auth`, {
      cause: error,
    })
  }
}

interface Signers {
  signers: { key: string; weight: number; type: string }[]
  threshold: number
}

/** Throws if the entry is not the account's. */
function signersOf(account: string, entry: string | undefined): Signers {
  // An account that does not exist has its master key only.
  if (entry === undefined) return { signers: [signer(account, 1)], threshold: 1 }
  const data = xdr.LedgerEntryData.fromXdr(entry, 'base64')
  if (data.type !== 'account') throw new Error(`a ${data.type} entry instead of an account`)
  const { accountId, thresholds, signers } = data.account
  if (addressOf(accountId) !== account) throw new Error('the entry of another account')
  const [masterWeight = 0, _low, medium = 0] = thresholds.toBytes()
  const others = signers.flatMap(({ key, weight }) =>
    key.type === 'signerKeyTypeEd25519'
      ? signer(StrKey.encodeEd25519PublicKey(key.value.toBytes()), weight)
      : [],
  )
  const all = [signer(account, masterWeight), ...others]
  return {
    // A key without weight cannot sign, not even where the threshold is 0.
    signers: all.filter(({ weight }) => weight > 0),
    threshold: medium,
  }
}

function signer(key: string, weight: number) {
  return { key, weight: Math.min(weight, MOST_WEIGHT), type: 'ed25519_public_key' }
}

function ledgerKeyOf(account: string): string {
  const accountId = Keypair.fromPublicKey(account).xdrAccountId()
  return xdr.LedgerKey.account(new xdr.LedgerKeyAccount({ accountId })).toXdr('base64')
}

function addressOf(accountId: xdr.PublicKey): string {
  return StrKey.encodeEd25519PublicKey(accountId.value.toBytes())
}

function isClientDomain<T extends { type: string; name?: unknown }>(
  operation: T,
): operation is Extract<T, { type: 'manageData' }> {
  return operation.type === 'manageData' && operation.name === 'client_domain'
}
