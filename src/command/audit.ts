import { requireContract } from '../config.ts'
import type { Config } from '../config.ts'
import { createDecoder } from '../decode/decode.ts'
import { UsageError } from '../domain/errors.ts'
import { AUDIT_CLASSES, auditStreams } from '../ingest/audit.ts'
import type { AuditClass, AuditRow } from '../ingest/audit.ts'
import { repair as repairStreams } from '../ingest/bootstrap.ts'
import { openStore, openStoreForReading } from '../store/store.ts'
import type { Store } from '../store/store.ts'
import { openSource } from './start.ts'
import { say, table } from './terminal.ts'
import type { Terminal } from './terminal.ts'

const FOUND_NOTHING = 0
const FOUND_DRIFT = 1

const CLASS_NAMES: Readonly<Record<AuditClass, string>> = {
  ok: 'as on the chain',
  drift: 'in drift',
  not_yet: 'not comparable yet',
  archived: 'archived on the chain',
}

/**
 * Compares one stream or all with the contract's own storage and prints what differs. Answers the
 * exit code: 1 where a stream is in drift, and was not repaired.
 */
export async function audit(
  config: Config,
  { stream, repair = false }: { stream?: string; repair?: boolean },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const contractId = requireContract(config)
  const { databasePath, networkPassphrase } = config
  const { source } = await openSource(config)
  // Looking must not need the right to write, nor make a database where there is none.
  const reading = openStoreForReading(databasePath)
  try {
    checkIdentity(reading, config, contractId)
    const { passphrase } = await source.network(signal)
    if (passphrase !== networkPassphrase) {
      throw new UsageError(
        `the RPC serves the network "${passphrase}", not "${networkPassphrase}": set RPC_URL or NETWORK so that they fit`,
      )
    }
    const which = stream === undefined ? 'all' : [BigInt(stream)]
    const rows: AuditRow[] = []
    const counts = new Map<AuditClass, number>()
    let compared = 0
    for await (const some of auditStreams({ source, store: reading, contractId }, which, signal)) {
      for (const row of some) counts.set(row.class, (counts.get(row.class) ?? 0) + 1)
      rows.push(...some.filter((row) => row.class === 'drift'))
      compared += some.length
      if (terminal.interactive) terminal.err.write(`\r${compared} streams compared`)
    }
    if (terminal.interactive) terminal.err.write('\n')
    if (stream !== undefined && compared === 0) {
      throw new UsageError(`there is no stream ${stream}, neither here nor on the chain`)
    }
    if (rows.length > 0) say(terminal, `${differences(rows)}\n`)
    say(
      terminal,
      table(AUDIT_CLASSES.map((name) => [CLASS_NAMES[name], String(counts.get(name) ?? 0)])),
    )
    if (rows.length === 0) return FOUND_NOTHING
    if (!repair) {
      say(
        terminal,
        '\nWith --repair the streams in drift get the chain’s record; a running indexer does so by itself.',
      )
      return FOUND_DRIFT
    }
    const repaired = repairAll(databasePath, rows)
    say(terminal, `\n${repaired} of ${rows.length} streams repaired from the chain`)
    return repaired === rows.length ? FOUND_NOTHING : FOUND_DRIFT
  } finally {
    reading.close()
  }
}

function repairAll(databasePath: string, rows: readonly AuditRow[]): number {
  const store = openStore(databasePath, createDecoder())
  try {
    return repairStreams(store, rows)
  } finally {
    store.close()
  }
}

function checkIdentity(store: Store, { databasePath }: Config, contractId: string): void {
  const known = store.coverage.identity()
  if (known === undefined || store.coverage.checkpoint() === undefined) {
    throw new UsageError(
      `nothing has been indexed into ${databasePath} yet: run "flowfi-indexer start" or "sync" first`,
    )
  }
  if (known.contractId !== contractId) {
    throw new UsageError(
      `the database ${databasePath} belongs to the contract ${known.contractId}, not to ${contractId}: set DATABASE_PATH to another file, or CONTRACT_ID to the one it belongs to`,
    )
  }
}

/** One line a difference, under headings, in columns. */
function differences(rows: readonly AuditRow[]): string {
  const lines = [
    ['stream', 'field', 'ours', 'chain', 'at ledger'],
    ...rows.flatMap(({ streamId, ledger, differences: fields }) =>
      fields.map(({ field, ours, chain }) => [
        streamId.toString(),
        field,
        ours ?? 'none',
        chain ?? 'none',
        String(ledger),
      ]),
    ),
  ]
  const widths = lines[0]!.map((_, column) =>
    Math.max(...lines.map((line) => line[column]!.length)),
  )
  return lines
    .map((line) => line.map((cell, column) => cell.padEnd(widths[column]!)).join('  ').trimEnd())
    .join('\n')
}
