import type { Cursor } from '../domain/cursor.ts'
import type { Decode, RawEvent } from '../domain/event.ts'
import type { LedgerPoint } from '../domain/ledger.ts'
import type { Gap } from '../store/read/coverage.ts'
import type { RelayPosition } from '../store/read/relay-position.ts'
import type { ScannedPage } from '../store/write/scanned-page.ts'
import type { SharedWrite } from '../store/write/writer.ts'
import { pack, unpack } from './packed.ts'

/** What travels between machines, and how it is written. */

/** A write of the leader that moved the checkpoint. */
export type PageEntry = HeadWrite & {
  /** The leader's checkpoint before; undefined: the log begins here. */
  after: Cursor | undefined
  /** The leader's last change before. */
  changes: RelayPosition
}

export type HeadWrite = { kind: 'page'; page: TravellingPage } | { kind: 'gap'; gap: LostLedgers }

/** A page with its events as the source gave them: each node decodes them itself. */
export interface TravellingPage extends Omit<ScannedPage, 'events' | 'identity'> {
  events: readonly RawEvent[]
}

export interface LostLedgers {
  gap: Omit<Gap, 'repaired'>
  tip: LedgerPoint | undefined
}

/** A write of the leader that changed what came before: of any other kind. */
export interface ChangeEntry {
  /** The change before it. */
  previous: RelayPosition
  /** Its own name: another change with its number is of another history. */
  change: string
  /** The leader's checkpoint. */
  at: Cursor | undefined
  write: SharedWrite | 'fill'
  /** The arguments of the write; of `fill`: the page. */
  args: unknown[]
}

/** Raised when an older program could not understand an entry. */
const VERSION = 1

export function travelling({ events, identity: _, ...page }: ScannedPage): TravellingPage {
  return { ...page, events: events.map(({ raw }) => raw) }
}

export function arrived({ events, ...page }: TravellingPage, decode: Decode): ScannedPage {
  return { ...page, events: events.map((raw) => ({ raw, event: decode(raw) })) }
}

/** JSON has no bigint. */
interface Big {
  bigint: string
}

export function writeEntry(entry: PageEntry | ChangeEntry): string {
  const versioned = { version: VERSION, ...entry }
  // A page has no bigint, and may have thousands of values.
  return pack('kind' in entry ? JSON.stringify(versioned) : JSON.stringify(versioned, withoutBig))
}

function withoutBig(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? ({ bigint: value.toString() } satisfies Big) : value
}

/** An entry that this program cannot understand. */
export class EntryError extends Error {
  override readonly name = 'EntryError'
}

/** Throws EntryError. */
export function readPageEntry(text: string): PageEntry {
  return read(text) as PageEntry
}

/** Throws EntryError. */
export function readChangeEntry(text: string): ChangeEntry {
  return read(text, (_, value) => (isBig(value) ? BigInt(value.bigint) : value)) as ChangeEntry
}

function read(text: string, revive?: (key: string, value: unknown) => unknown): unknown {
  let entry: { version?: unknown } | null
  try {
    entry = JSON.parse(unpack(text), revive) as typeof entry
  } catch (cause) {
    throw new EntryError(
      'an entry in Redis cannot be read: something else has written to the keys of flowfi-indexer',
      { cause },
    )
  }
  requireVersion(entry?.version)
  return entry
}

function isBig(value: unknown): value is Big {
  return (
    typeof value === 'object' &&
    value !== null &&
    'bigint' in value &&
    typeof value.bigint === 'string' &&
    Object.keys(value).length === 1
  )
}

function requireVersion(version: unknown): void {
  if (version === VERSION) return
  throw new EntryError(
    `an entry in Redis has version ${String(version)}, and this program reads ${VERSION}: run the same version of flowfi-indexer on every node`,
  )
}
