/**
 * XDR that a recording does not have. A header has the recorded hashes, sequence and close time,
 * and is otherwise empty. A ledger's meta has this header and no transactions: it can be decoded,
 * but has no events.
 */
import { xdr } from '@stellar/stellar-sdk/base'
import type { Ledgers } from './ledgers.ts'

const ZERO_HASH = '0'.repeat(64)

export function ledgerHeader({ header, ...ledgers }: Ledgers, sequence: number): xdr.LedgerHeader {
  return xdr.LedgerHeader.fromJson({
    ledger_version: header.network.protocolVersion,
    previous_ledger_hash: ledgers.hash(sequence - 1),
    scp_value: {
      tx_set_hash: ZERO_HASH,
      close_time: String(ledgers.closeTime(sequence)),
      upgrades: [],
      ext: 'basic',
    },
    tx_set_result_hash: ZERO_HASH,
    bucket_list_hash: ZERO_HASH,
    ledger_seq: sequence,
    total_coins: '1',
    fee_pool: '0',
    inflation_seq: 0,
    id_pool: '0',
    base_fee: 100,
    base_reserve: 5_000_000,
    max_tx_set_size: 100,
    skip_list: [ZERO_HASH, ZERO_HASH, ZERO_HASH, ZERO_HASH],
    ext: 'v0',
  })
}

export function headerEntry(ledgers: Ledgers, sequence: number): xdr.LedgerHeaderHistoryEntry {
  return xdr.LedgerHeaderHistoryEntry.fromJson({
    hash: ledgers.hash(sequence),
    header: ledgerHeader(ledgers, sequence).toJson(),
    ext: 'v0',
  })
}

export function emptyMeta(ledgers: Ledgers, sequence: number): xdr.LedgerCloseMeta {
  return xdr.LedgerCloseMeta.fromJson({
    v2: {
      ext: 'v0',
      ledger_header: headerEntry(ledgers, sequence).toJson(),
      tx_set: {
        v1: {
          previous_ledger_hash: ledgers.hash(sequence - 1),
          phases: [{ v0: [] }, { v0: [] }],
        },
      },
      tx_processing: [],
      upgrades_processing: [],
      scp_info: [],
      total_byte_size_of_live_soroban_state: '0',
      evicted_keys: [],
    },
  })
}
