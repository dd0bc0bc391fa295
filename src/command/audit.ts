import { requireContract } from '../config/config.ts'
import type { Config } from '../config/config.ts'
import { createDecoder } from '../decode/decode.ts'
import { AUDIT_CLASSES } from '../domain/upstream.ts'
import type { AuditClass } from '../domain/upstream.ts'
import { SourceError, UsageError } from '../domain/errors.ts'
import { parseU64 } from '../domain/integers.ts'
import { auditStreams } from '../audit/compare.ts'
import type { AuditDeps, AuditRow } from '../audit/compare.ts'
import { isRepairable, repair as repairStreams } from '../audit/repair.ts'
import { rememberedChain } from '../ingest/history.ts'
import type { LedgerSource } from '../source/source.ts'
import { lockDatabase } from '../store/lock.ts'
import type { Lock } from '../store/lock.ts'
import { openStore, openStoreForReading } from '../store/store.ts'
import type { Store } from '../store/store.ts'
import { openSource } from '../daemon/open-source.ts'
import { createLogger, say, table } from './terminal.ts'
import type { Terminal } from './terminal.ts'

const WHO_ELSE_REPAIRS =
  'a running indexer repairs drift by itself (AUDIT_INTERVAL_SECONDS); to repair from here, stop it first'

const FOUND_NOTHING = 0
const FOUND_DRIFT = 1

const CLASS_NAMES: Readonly<Record<AuditClass, string>> = {
  ok: 'as on the chain',
  drift: 'in drift',
  before_log: 'older than the log',
  not_yet: 'not comparable yet',
  archived: 'archived on the chain',
}

/**
 * Compares one stream or all with the contract's own storage and prints what differs. Returns the
 * exit code: 1 where a stream is in drift and was not repaired; a stream older than the log is none.
 */
export async function audit(
  config: Config,
  { stream, repair = false }: { stream?: string; repair?: boolean },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const contractId = requireContract(config)
  const which = stream === undefined ? 'all' : [parseId(stream)]
  const source = await openSource(config, createLogger(terminal, 'error', terminal.err))
  try {
    // Looking must not need the right to write, nor make a database where there is none.
    const store = openStoreForReading(config.databasePath)
    let lock: Lock | undefined
    try {
      if (repair) lock = lockDatabase(config.databasePath, WHO_ELSE_REPAIRS)
      checkIdentity(store, config, contractId)
      // Records of a network that has started over would be taken for the log's.
      source.compareWith?.(rememberedChain(store.coverage))
      await checkNetwork(source, config, signal)
      const found = await compare({ source, store, contractId }, which, terminal, signal)
      if (stream !== undefined && found.compared === 0) {
        throw new UsageError(`there is no stream ${stream}, neither here nor on the chain`)
      }
      say(terminal, describe(found))
      if (found.repairable.length === 0) return FOUND_NOTHING
      if (lock) return repairAll(config, lock, found.repairable, terminal)
      say(terminal, HOW_TO_REPAIR)
      return found.drift.length === 0 ? FOUND_NOTHING : FOUND_DRIFT
    } finally {
      store.close()
      lock?.release()
    }
  } catch (cause) {
    if (!(cause instanceof SourceError)) throw cause
    // Not 1, which says that there is drift.
    throw new UsageError(`the chain could not be asked (${cause.fault}): ${cause.message}`, {
      cause,
    })
  } finally {
    await source.close()
  }
}

interface Found {
  compared: number
  counts: Map<AuditClass, number>
  drift: AuditRow[]
  /** Those in drift and those older than the log. */
  repairable: AuditRow[]
}

async function compare(
  deps: AuditDeps,
  which: readonly bigint[] | 'all',
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Found> {
  const found: Found = { compared: 0, counts: new Map(), drift: [], repairable: [] }
  for await (const rows of auditStreams(deps, which, signal)) {
    found.compared += rows.length
    for (const row of rows) found.counts.set(row.class, (found.counts.get(row.class) ?? 0) + 1)
    found.drift.push(...rows.filter((row) => row.class === 'drift'))
    found.repairable.push(...rows.filter(isRepairable))
    if (terminal.interactive) terminal.err.write(`\r${found.compared} streams compared`)
  }
  if (terminal.interactive) terminal.err.write('\n')
  return found
}

function describe({ counts, drift }: Found): string {
  const totals = table(
    AUDIT_CLASSES.map((name) => [CLASS_NAMES[name], String(counts.get(name) ?? 0)]),
  )
  return drift.length === 0 ? totals : `${differenceTable(drift)}\n\n${totals}`
}

const HOW_TO_REPAIR =
  '\nWith --repair, streams in drift or older than the log take the chain’s record. A running indexer does this by itself.'

/** Returns the exit code. */
function repairAll(
  config: Config,
  lock: Lock,
  rows: readonly AuditRow[],
  terminal: Terminal,
): number {
  const store = openStore(config.databasePath, createDecoder(), lock)
  try {
    const repaired = repairStreams(store, rows)
    say(terminal, `\n${repaired} of ${rows.length} streams repaired from the chain`)
    return repaired === rows.length ? FOUND_NOTHING : FOUND_DRIFT
  } finally {
    store.close()
  }
}

function parseId(text: string): bigint {
  const id = parseU64(text)
  if (id === undefined) throw new UsageError(`"${text}" is not the id of a stream: it is a number`)
  return id
}

async function checkNetwork(
  source: LedgerSource,
  { networkPassphrase }: Config,
  signal: AbortSignal,
): Promise<void> {
  const { passphrase } = await source.network(signal)
  if (passphrase === networkPassphrase) return
  throw new UsageError(
    `the RPC serves the network "${passphrase}", not "${networkPassphrase}": set RPC_URL or NETWORK so that they fit`,
  )
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
function differenceTable(rows: readonly AuditRow[]): string {
  const lines = [
    ['stream', 'field', 'ours', 'chain', 'at ledger'],
    ...rows.flatMap(({ streamId, ledger, differences }) =>
      differences.map(({ field, ours, chain }) => [
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
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
