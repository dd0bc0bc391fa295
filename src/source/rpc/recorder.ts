import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { completeThrough } from '../../domain/cursor.ts'
import { SourceError, UsageError } from '../../domain/errors.ts'
import { REACTIONS } from '../../domain/faults.ts'
import { createLedgerHeads } from './ledger-headers.ts'
import type { LedgerHeads } from './ledger-headers.ts'
import type { EventsAnswer } from './answers.ts'
import { createRpcClient } from './client.ts'
import type { RpcClient } from './client.ts'
import { createEventQuery } from './event-query.ts'
import type { EventQuery } from './event-query.ts'
import { readRange } from './range.ts'
import type { PageStart } from '../source.ts'

export interface RecordOptions {
  rpcUrl: string
  timeoutMs: number
  contractId: string
  /** Ledgers, both included. */
  from: number
  to: number
  /** Where to write; gzip by the name's ending. */
  path: string
  onProgress?: (ledger: number, events: number) => void
}

type Wire = Record<string, unknown>

interface LedgerHead {
  hash: string
  closedAt: string
}

const EVENTS_PAGE = 1_000
/** Enough for a scan window to shrink from the largest to the smallest. */
const ATTEMPTS = 12

/**
 * Writes the contract's events of a range of ledgers as an RPC has them, in the format of
 * fixtures/README.md. The past records of the contract cannot be had from an RPC: `entries`,
 * `streams` and `claimable` are left out. Throws UsageError when the RPC does not have the range or
 * the file cannot be written; what `path` held before stays there unless the recording is complete.
 */
export async function recordLedgers(
  options: RecordOptions,
  signal: AbortSignal,
): Promise<{ ledgers: number; events: number }> {
  const { rpcUrl, timeoutMs, path } = options
  const client = createRpcClient(rpcUrl, timeoutMs)
  await checkRange(client, options, signal)
  const unfinished = `${path}.part`
  const file = createWriteStream(unfinished)
  try {
    // Before anything is asked for: a range can take long, and its file must not fail at the end.
    await once(file, 'open')
  } catch (cause) {
    throw new UsageError(`cannot write ${path}: ${String(cause)}`, { cause })
  }
  const recorded = { ledgers: 0, events: 0 }
  try {
    const lines = recordingLines(client, options, recorded, signal)
    if (path.endsWith('.gz')) await pipeline(lines, createGzip(), file)
    else await pipeline(lines, file)
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
  return recorded
}

async function checkRange(
  client: RpcClient,
  { from, to }: RecordOptions,
  signal: AbortSignal,
): Promise<void> {
  if (to < from) throw new UsageError(`--to ${to} is before --from ${from}: swap them`)
  const { oldest, latest } = await readRange(client, signal)
  if (from < oldest || to > latest) {
    throw new UsageError(
      `the RPC has only ledgers ${oldest} to ${latest}: set --from and --to within that range`,
    )
  }
}

/** Counts in `recorded` what it yields. */
async function* recordingLines(
  client: RpcClient,
  options: RecordOptions,
  recorded: { ledgers: number; events: number },
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { contractId, from, to, path } = options
  const name = basename(path).replace(/\.jsonl(\.gz)?$/, '')
  const network = await client.call('getNetwork', undefined, signal)
  const byLedger = Map.groupBy(await readEvents(client, options, signal), ledgerOfEvent)
  // The first and the last have a line even when empty: they give the times in between.
  const sequences = [...new Set([from, ...byLedger.keys(), to])]
  const heads = createLedgerHeads(client, sequences)
  for (const sequence of sequences) {
    const events = byLedger.get(sequence)
    const head = await readHead(heads, sequence, events?.[0], name, signal)
    if (sequence === from) {
      yield line({
        recording: 1,
        name,
        about: `ledgers ${from} to ${to}, recorded from an RPC`,
        network: {
          passphrase: network['passphrase'],
          protocolVersion: Number(network['protocolVersion']),
        },
        contractId,
        firstLedger: from,
        firstClosedAt: head.closedAt,
      })
    }
    yield line({ sequence, ...head, ...(events && { events }) })
    recorded.ledgers += 1
    recorded.events += events?.length ?? 0
  }
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`
}

function ledgerOfEvent(event: Wire): number {
  return Number(event['ledger'])
}

/** Exactly as the RPC answered them, in order. */
async function readEvents(
  client: RpcClient,
  { contractId, from, to, onProgress }: RecordOptions,
  signal: AbortSignal,
): Promise<Wire[]> {
  const query = createEventQuery(client, contractId)
  const events: Wire[] = []
  let start: PageStart = { startLedger: from }
  for (;;) {
    const { events: found, cursor } = await askLess(query, start, signal)
    events.push(...(found as Wire[]).filter((event) => ledgerOfEvent(event) <= to))
    const reached = completeThrough(cursor)
    onProgress?.(Math.min(reached, to), events.length)
    if (reached >= to) return events
    start = { after: cursor }
  }
}

/** The query asks for less each time that the server gives up. */
async function askLess(
  query: EventQuery,
  start: PageStart,
  signal: AbortSignal,
): Promise<EventsAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await query.ask(start, EVENTS_PAGE, signal)
    } catch (error) {
      const helps = error instanceof SourceError && REACTIONS[error.fault].askLess !== undefined
      if (!helps || attempt === ATTEMPTS) throw error
    }
  }
}

/**
 * Hash and close time of a ledger. An RPC that has no getLedgers, or sells it apart, still allows a
 * recording of ledgers with events: the format asks of a hash only that it is always the same.
 */
async function readHead(
  heads: LedgerHeads,
  sequence: number,
  event: Wire | undefined,
  name: string,
  signal: AbortSignal,
): Promise<LedgerHead> {
  try {
    const { hash, closedAt } = await heads.read(sequence, signal)
    return { hash, closedAt: new Date(closedAt * 1_000).toISOString().replace('.000Z', 'Z') }
  } catch (error) {
    const closedAt = event?.['ledgerClosedAt']
    const missing = error instanceof SourceError && error.fault === 'refused'
    if (!missing || typeof closedAt !== 'string') throw error
    return { hash: createHash('sha256').update(`${name}:${sequence}`).digest('hex'), closedAt }
  }
}
