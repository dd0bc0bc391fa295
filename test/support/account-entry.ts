import { Keypair, xdr } from '@stellar/stellar-sdk/base'

export interface AccountState {
  /** Weight of the master key. */
  master?: number
  /** The medium threshold. */
  medium?: number
  signers?: [Keypair, number][]
}

/** An account in the ledger: its base64 LedgerKey and LedgerEntryData. */
export function accountEntry(
  account: Keypair,
  { master = 1, medium = 0, signers = [] }: AccountState,
): { key: string; entry: string } {
  const accountId = account.xdrAccountId()
  const entry = new xdr.AccountEntry({
    accountId,
    balance: 1n,
    seqNum: 1n,
    numSubEntries: 0,
    inflationDest: null,
    flags: 0,
    homeDomain: '',
    thresholds: new Uint8Array([master, 0, medium, 0]),
    signers: signers.map(
      ([signer, weight]) =>
        new xdr.Signer({
          key: xdr.SignerKey.signerKeyTypeEd25519(signer.rawPublicKey()),
          weight,
        }),
    ),
    ext: xdr.AccountEntryExt.fromJson('v0'),
  })
  return {
    key: xdr.LedgerKey.account(new xdr.LedgerKeyAccount({ accountId })).toXdr('base64'),
    entry: xdr.LedgerEntryData.account(entry).toXdr('base64'),
  }
}
