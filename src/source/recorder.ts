import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { completeThrough } from '../domain/cursor.ts'
import { SourceError, UsageError } from '../domain/errors.ts'
import { createRpcClient } from './rpc-client.ts'

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

const EVENTS_PAGE = 1_000

/**
 * Writes the contract's events of a range of ledgers as an RPC has them, in the format of
 * fixtures/README.md. The past records of the contract cannot be had from an RPC: `entries`,
 * `streams` and `claimable` are left out. Throws UsageError when the RPC does not have the range.
 */
export async function recordLedgers(
  { rpcUrl, timeoutMs, contractId, from, to, path, onProgress }: RecordOptions,
  signal: AbortSignal,
): Promise<{ ledgers: number; events: number }> {
  const client = createRpcClient(rpcUrl, timeoutMs)
  if (to < from) throw new UsageError(`--to ${to} lies before --from ${from}: swap them`)
  const health = await client.call('getHealth', undefined, signal)
  const [oldest, latest] = [Number(health['oldestLedger']), Number(health['latestLedger'])]
  if (from < oldest || to > latest) {
    throw new UsageError(
      `ledgers ${from} to ${to} are not all at the RPC, which has ${oldest} to ${latest}: set --from and --to within that range`,
    )
  }
  const network = await client.call('getNetwork', undefined, signal)
  const byLedger = Map.groupBy(await readEvents(), (event) => Number(event['ledger']))
  const first = await readLedger(from)
  const sequences = new Set([...byLedger.keys(), from, to])

  const file = createWriteStream(path)
  const out = path.endsWith('.gz') ? createGzip() : file
  if (out !== file) out.pipe(file)
  const ended = finished(file)
  await write({
    recording: 1,
    name: path.replace(/^.*[\\/]/, '').replace(/\.jsonl(\.gz)?$/, ''),
    about: `ledgers ${from} to ${to}, recorded from an RPC`,
    network: { passphrase: network['passphrase'], protocolVersion: network['protocolVersion'] },
    contractId,
    firstLedger: from,
    firstClosedAt: first.closedAt,
  })
  let recorded = 0
  for (const sequence of [...sequences].toSorted((a, b) => a - b)) {
    const found = byLedger.get(sequence)
    const { hash, closedAt } = sequence === from ? first : await readLedger(sequence)
    await write({ sequence, hash, closedAt, ...(found && { events: found }) })
    recorded += found?.length ?? 0
  }
  out.end()
  await ended
  return { ledgers: sequences.size, events: recorded }

  async function write(line: object): Promise<void> {
    if (!out.write(`${JSON.stringify(line)}\n`)) await once(out, 'drain')
  }

  async function readEvents(): Promise<Wire[]> {
    const filters = [{ contractIds: [contractId] }]
    const events: Wire[] = []
    let page: Wire = { startLedger: from, filters, pagination: { limit: EVENTS_PAGE } }
    for (;;) {
      const answer = await client.call('getEvents', page, signal, from)
      const { events: found, cursor } = answer as { events: Wire[]; cursor?: string }
      events.push(...found.filter((event) => Number(event['ledger']) <= to))
      if (cursor === undefined) {
        throw new SourceError(
          'refused',
          'this RPC server is too old: stellar-rpc v22 or later is needed',
        )
      }
      const reached = completeThrough(cursor)
      onProgress?.(Math.min(reached, to), events.length)
      if (reached >= to) return events
      page = { filters, pagination: { cursor, limit: EVENTS_PAGE } }
    }
  }

  async function readLedger(sequence: number): Promise<{ hash: string; closedAt: string }> {
    const params = { startLedger: sequence, pagination: { limit: 1 } }
    const { ledgers } = await client.call('getLedgers', params, signal)
    const [ledger] = ledgers as Wire[]
    if (ledger === undefined)
      throw new SourceError('malformed', `no ledger ${sequence} in the answer`)
    const seconds = Number(ledger['ledgerCloseTime'])
    const closedAt = new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z')
    return { hash: String(ledger['hash']), closedAt }
  }
}
