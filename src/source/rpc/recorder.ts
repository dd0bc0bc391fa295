import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { completeThrough } from '../../domain/cursor.ts'
import { SourceError, UsageError } from '../../domain/errors.ts'
import { REACTIONS } from '../../domain/faults.ts'
import { instant } from '../../domain/times.ts'
import { madeUpHash } from '../../simulator/recording.ts'
import type { EventsAnswer, UncheckedEvent } from './answers.ts'
import { createRpcClient } from './client.ts'
import type { RpcClient } from './client.ts'
import { createEventQuery } from './event-query.ts'
import type { EventQuery } from './event-query.ts'
import { createLedgerHeaders } from './ledger-headers.ts'
import type { LedgerHeaders } from './ledger-headers.ts'
import { readRange } from './range.ts'
import type { PageStart } from '../source.ts'

export interface RecordOptions {
  rpcUrl: string
  timeoutMs: number
  contractId: string
  /** Ledgers, both ends included. */
  from: number
  to: number
  /** The file to write; with gzip if its name ends in `.gz`. */
  path: string
  onProgress?: (ledger: number, events: number) => void
}

const EVENTS_PAGE = 1_000
/** Enough for the scan window to shrink from its largest to its smallest size. */
const ATTEMPTS = 12

/**
 * Writes the contract's events of a range of ledgers as an RPC has them, in the format of
 * fixtures/README.md. An RPC has no past records of the contract, so `entries`, `streams` and
 * `claimable` are left out. Throws UsageError if the RPC does not have the range or the file cannot
 * be written. An existing file is replaced only by a complete recording.
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
    // Open the file now: a long recording must not fail at its end.
    await once(file, 'open')
  } catch (cause) {
    throw new UsageError(`cannot write ${path}: ${String(cause)}`, { cause })
  }
  const recorded = { ledgers: 0, events: 0 }
  try {
    const lines = recordingLines({ client, options, recorded }, signal)
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

interface RecordingJob {
  client: RpcClient
  options: RecordOptions
  /** Counts the lines that were yielded. */
  recorded: { ledgers: number; events: number }
}

async function* recordingLines(
  { client, options, recorded }: RecordingJob,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { contractId, from, to, path } = options
  const name = basename(path).replace(/\.jsonl(\.gz)?$/, '')
  const network = await client.call({ method: 'getNetwork' }, signal)
  const byLedger = Map.groupBy(await readEvents(client, options, signal), ledgerOfEvent)
  // The first and the last ledger always have a line: they give the close times in between.
  const sequences = [...new Set([from, ...byLedger.keys(), to])]
  const headers = createLedgerHeaders(client, sequences)
  for (const sequence of sequences) {
    const events = byLedger.get(sequence)
    const header = await readHeader({ headers, sequence, event: events?.[0], name }, signal)
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
        firstClosedAt: header.closedAt,
      })
    }
    yield line({ sequence, ...header, ...(events && { events }) })
    recorded.ledgers += 1
    recorded.events += events?.length ?? 0
  }
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`
}

function ledgerOfEvent({ ledger }: UncheckedEvent): number {
  return Number(ledger)
}

/** The events exactly as the RPC sent them, in order. */
async function readEvents(
  client: RpcClient,
  { contractId, from, to, onProgress }: RecordOptions,
  signal: AbortSignal,
): Promise<UncheckedEvent[]> {
  const query = createEventQuery(client, contractId)
  const events: UncheckedEvent[] = []
  let start: PageStart = { startLedger: from }
  for (;;) {
    const { events: found, cursor } = await askPatiently(query, start, signal)
    events.push(...(found as UncheckedEvent[]).filter((event) => ledgerOfEvent(event) <= to))
    const reached = completeThrough(cursor)
    onProgress?.(Math.min(reached, to), events.length)
    if (reached >= to) return events
    start = { after: cursor }
  }
}

/** Asks again after each fault that makes the query ask for less. */
async function askPatiently(
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

interface HeaderOptions {
  headers: LedgerHeaders
  sequence: number
  /** An event of the ledger, if it has any. */
  event: UncheckedEvent | undefined
  /** The name of the recording. */
  name: string
}

/**
 * Hash and close time of a ledger. Some RPCs do not offer getLedgers. Ledgers with events can still
 * be recorded: an event has the close time, and the format allows a made-up hash.
 */
async function readHeader(
  { headers, sequence, event, name }: HeaderOptions,
  signal: AbortSignal,
): Promise<{ hash: string; closedAt: string }> {
  try {
    const { hash, closedAt } = await headers.read(sequence, signal)
    return { hash, closedAt: instant(closedAt) }
  } catch (error) {
    const closedAt = event?.ledgerClosedAt
    const isNotOffered = error instanceof SourceError && error.fault === 'refused'
    if (!isNotOffered || typeof closedAt !== 'string') throw error
    return { hash: madeUpHash(name, sequence), closedAt }
  }
}
