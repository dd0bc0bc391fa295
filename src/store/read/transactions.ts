import type { Sqlite } from '../sqlite.ts'
import { COLUMNS } from './log-query.ts'
import type { LogEntry } from './log-query.ts'

/** An event of a transaction that was asked for. */
export type TransactionEvent = Pick<LogEntry, 'id' | 'sender' | 'recipient'> & {
  /** Of the transaction, 64 lower-case hex digits. */
  hash: string
}

/** Finds events by the hashes of their transactions. */
export interface Transactions {
  /** The events of a transaction, in order. The network limits how many there are. */
  events(hash: string): LogEntry[]
  /** The events of any of these transactions. A thousand hashes take a few milliseconds. */
  find(hashes: readonly string[]): TransactionEvent[]
}

/** The text of the index `events_by_transaction`: only then SQLite uses it. */
const KEY = "unhex(substr(data ->> 'transactionHash', 1, 10))"
const HASH = "data ->> 'transactionHash'"

export function createTransactions(sqlite: Sqlite): Transactions {
  // The index has only the beginning of a hash.
  const events = sqlite.prepare<[string, string], LogEntry>(
    `select ${COLUMNS} from events indexed by events_by_transaction
     where ${KEY} = unhex(substr(?, 1, 10)) and ${HASH} = ? order by id`,
  )
  const find = sqlite.prepare<[string], TransactionEvent>(
    `select events.id, sender, recipient, value as hash
     from json_each(?) cross join events indexed by events_by_transaction
     on ${KEY} = unhex(substr(value, 1, 10)) and ${HASH} = value`,
  )
  return {
    events: (hash) => events.all(hash, hash),
    find: (hashes) => find.all(JSON.stringify(hashes)),
  }
}
