import { requireContract } from '../config/config.ts'
import type { Config } from '../config/config.ts'
import { createDecoder } from '../decode/decode.ts'
import { AUDIT_CLASSES } from '../domain/upstream.ts'
import type { AuditClass } from '../domain/upstream.ts'
import { SourceError, UsageError } from '../domain/errors.ts'
import { parseU64 } from '../domain/integers.ts'
import { auditStreams } from '../audit/compare.ts'
import type { AuditDeps } from '../audit/compare.ts'
import type { AuditRow } from '../audit/judge.ts'
import { isRepairable, repair as repairStreams } from '../audit/repair.ts'
import { rememberedChain } from '../ingest/history.ts'
import { requireNetwork } from '../source/network.ts'
import { lockDatabase } from '../store/lock.ts'
import type { Lock } from '../store/lock.ts'
import { claimStore, openStore, openStoreForReading } from '../store/store.ts'
import type { Store } from '../store/store.ts'
import { openSource } from '../daemon/open-source.ts'
import type { Invocation } from './invocation.ts'
import { createLogger, say, table } from './terminal.ts'
import type { Terminal } from './terminal.ts'

const REPAIRED_BY_INDEXER =
  'a running indexer repairs drift by itself (AUDIT_INTERVAL_SECONDS); stop it first to repair with this command'

const FOUND_NOTHING = 0
const FOUND_DRIFT = 1

const CLASS_NAMES: Readonly<Record<AuditClass, string>> = {
  ok: 'as on the chain',
  drift: 'in drift',
  before_log: 'older than the log',
  not_yet: 'not comparable yet',
  archived: 'archived on the chain',
}

export interface AuditOptions {
  /** The id of the only stream to compare. */
  stream?: string
  repair?: boolean
}

/**
 * Compares one stream or all with the contract's own storage and prints what differs. Returns the
 * exit code: 1 if a stream is in drift and was not repaired. A stream that is older than the log is
 * not in drift.
 */
export async function audit(invocation: Invocation, options: AuditOptions): Promise<number> {
  const { config, terminal, signal } = invocation
  const contractId = requireContract(config)
  const which = options.stream === undefined ? 'all' : [parseId(options.stream)]
  const source = await openSource(
    config,
    createLogger(terminal, { level: 'error', stream: terminal.err }),
  )
  try {
    // Comparing must not need write access, and must not create a database.
    const store = openStoreForReading(config.databasePath)
    let lock: Lock | undefined
    try {
      if (options.repair) lock = lockDatabase(config.databasePath, REPAIRED_BY_INDEXER)
      checkIdentity(store, config, contractId)
      // After a reset of a test network, the chain's records belong to another history.
      source.compareWith?.(rememberedChain(store.coverage))
      await requireNetwork(source, config.networkPassphrase, signal)
      const found = await compare({ source, store, contractId, which, terminal }, signal)
      if (options.stream !== undefined && found.compared === 0) {
        throw new UsageError(
          `there is no stream ${options.stream}, neither in the database nor on the chain`,
        )
      }
      say(terminal, describe(found))
      return finish(found, invocation, lock)
    } finally {
      store.close()
      lock?.release()
    }
  } catch (cause) {
    if (!(cause instanceof SourceError)) throw cause
    // Not exit code 1, which means drift.
    throw new UsageError(
      `the chain's storage could not be read (${cause.fault}): ${cause.message}`,
      { cause },
    )
  } finally {
    await source.close()
  }
}

/** Repairs what was found if the caller holds the lock. Returns the exit code. */
async function finish(
  { repairable, drift }: Found,
  invocation: Invocation,
  lock?: Lock,
): Promise<number> {
  const { config, terminal } = invocation
  if (repairable.length === 0) return FOUND_NOTHING
  if (lock === undefined) {
    say(terminal, HOW_TO_REPAIR)
    return drift.length === 0 ? FOUND_NOTHING : FOUND_DRIFT
  }
  const store = openStore({ path: config.databasePath, decode: createDecoder(), lock })
  try {
    const repaired = await repairStreams(store, repairable)
    say(terminal, `\n${repaired} of ${repairable.length} streams repaired from the chain`)
    return repaired === repairable.length ? FOUND_NOTHING : FOUND_DRIFT
  } finally {
    store.close()
  }
}

interface Found {
  compared: number
  counts: Map<AuditClass, number>
  drift: AuditRow[]
  /** In drift, or older than the log. */
  repairable: AuditRow[]
}

async function compare(
  deps: AuditDeps & { which: readonly bigint[] | 'all'; terminal: Terminal },
  signal: AbortSignal,
): Promise<Found> {
  const { which, terminal } = deps
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
  '\nWith --repair, streams that are in drift or older than the log get the chain’s record. A running indexer does this by itself.'

function parseId(text: string): bigint {
  const id = parseU64(text)
  if (id === undefined) throw new UsageError(`"${text}" is not the id of a stream: use a number`)
  return id
}

function checkIdentity(store: Store, { databasePath }: Config, contractId: string): void {
  if (store.coverage.identity() === undefined || store.coverage.checkpoint() === undefined) {
    throw new UsageError(
      `nothing has been indexed into ${databasePath} yet: run "flowfi-indexer start" or "sync" first`,
    )
  }
  claimStore(store, { contractId })
}

/** A line for each difference, under headings. */
function differenceTable(rows: readonly AuditRow[]): string {
  return table([
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
  ])
}
