import type { Cursor } from '../domain/cursor.ts'
import type { RelayPosition } from '../store/read/relay-position.ts'
import type { Redis } from './connection.ts'
import { readChangeEntry, readPageEntry, writeEntry } from './entry.ts'
import type { ChangeEntry, PageEntry } from './entry.ts'
import type { Keys } from './keys.ts'
import { ANNOUNCE, LEASE, PUBLISH, RELEASE } from './scripts.ts'

/** What nodes say to each other through Redis. Every method rejects while Redis is away. */
export interface Carrier {
  /** `lease` must still be the caller's. */
  publishPage(lease: string, cursor: Cursor, page: Published): Promise<PublishResult>
  publishChange(lease: string, entry: ChangeEntry): Promise<PublishResult>
  /** The entries after these positions, a few of each, in order. Waits for one if `waitMs` is set. */
  read(after: ReadAfter, waitMs?: number): Promise<Entries>
  /** The newest change published; undefined if there is none. */
  lastChange(): Promise<RelayPosition | undefined>
  /** The newest position published; undefined if Redis does not know. */
  head(): Promise<Head | undefined>
  lease(wish: LeaseWish): Promise<HeldLease | undefined>
  release(lease: string): Promise<void>
  announce(id: string, node: AnnouncedNode): Promise<void>
  /** Nodes that announced themselves a short time ago. */
  nodes(): Promise<AnnouncedNode[]>
  withdraw(id: string): Promise<void>
}

export interface Published {
  entry: PageEntry
  tip: number
}

/** `old`: something at that position, or after it, was published before. */
export type PublishResult = 'added' | 'fenced' | 'old'

export interface ReadAfter {
  cursor: Cursor | undefined
  sequence: number
}

export interface Entries {
  pages: { cursor: Cursor; entry: PageEntry }[]
  changes: { sequence: number; entry: ChangeEntry }[]
}

export interface Head {
  cursor: Cursor
  tip: number
}

export interface LeaseWish {
  /** The caller's lease, to renew it. */
  mine: string | undefined
  milliseconds: number
  /** Take it if it is free. */
  take: boolean
  /** The caller's id and name. */
  owner: string
}

export interface HeldLease {
  /** Its number, the id of its owner, and the owner's name. */
  lease: string
  owner: string
  name: string
  leftMs: number
}

export interface AnnouncedNode {
  name: string
  url: string | null
  cursor: Cursor | null
}

/** A page of a backlog is some megabytes. */
const ENTRIES_AT_ONCE = 16
/** More than the time limit of other commands, because the answer can be long. */
const READ_MS = 10_000
/** Nodes that have said nothing for so long have gone. */
const GONE_SECONDS = 15

export function createCarrier(
  redis: Redis,
  keys: Keys,
  {
    retentionSeconds = 172_800,
    reader = redis,
  }: { retentionSeconds?: number; reader?: Redis } = {},
): Carrier {
  const evaluate = (script: string, keyNames: string[], args: string[]) =>
    redis.send(['EVAL', script, String(keyNames.length), ...keyNames, ...args])

  async function publish(
    names: string[],
    [lease, id, entry, cursor, tip]: [string, string, string, string, string],
  ): Promise<PublishResult> {
    const args = [lease, id, entry, String(retentionSeconds), cursor, tip]
    return (await evaluate(PUBLISH, names, args)) as PublishResult
  }

  return {
    publishPage: (lease, cursor, { entry, tip }) =>
      publish(
        [keys.lease, keys.pages, keys.pageMarks, keys.head],
        [lease, entryId(cursor), writeEntry(entry), cursor, String(tip)],
      ),
    publishChange: (lease, entry) =>
      publish(
        [keys.lease, keys.changes, keys.changeMarks, keys.head],
        [lease, `${entry.previous.sequence + 1}-0`, writeEntry(entry), '', ''],
      ),
    async read({ cursor, sequence }, waitMs) {
      const command = ['XREAD', 'COUNT', String(ENTRIES_AT_ONCE)]
      if (waitMs !== undefined) command.push('BLOCK', String(waitMs))
      const from = cursor === undefined ? '0-0' : entryId(cursor)
      command.push('STREAMS', keys.pages, keys.changes, from, `${sequence}-0`)
      const answer = await (waitMs === undefined ? redis : reader).send(command, READ_MS)
      const streams = new Map((answer as [string, RawEntry[]][] | null) ?? [])
      return {
        pages: (streams.get(keys.pages) ?? []).map(([id, [, text = '']]) => ({
          cursor: cursorOf(id),
          entry: readPageEntry(text),
        })),
        changes: (streams.get(keys.changes) ?? []).map(([id, [, text = '']]) => ({
          sequence: Number.parseInt(id, 10),
          entry: readChangeEntry(text),
        })),
      }
    },
    async lastChange() {
      const command = ['XREVRANGE', keys.changes, '+', '-', 'COUNT', '1']
      const [last] = (await redis.send(command)) as RawEntry[]
      if (last === undefined) return undefined
      const [id, [, text = '']] = last
      return { sequence: Number.parseInt(id, 10), change: readChangeEntry(text).change }
    },
    async head() {
      const [cursor, tip] = (await redis.send(['HMGET', keys.head, 'cursor', 'tip'])) as string[]
      return cursor ? { cursor, tip: Number(tip) } : undefined
    },
    async lease({ mine = '', milliseconds, take, owner }) {
      const args = [mine, String(milliseconds), take ? '1' : '0', owner]
      const answer = await evaluate(LEASE, [keys.lease, keys.fence], args)
      const [lease, leftMs] = answer as [string, number]
      if (lease === '') return undefined
      return { lease, owner: lease.split(' ')[1] ?? '', name: lease.split(' ')[2] ?? '', leftMs }
    },
    async release(lease) {
      await evaluate(RELEASE, [keys.lease], [lease])
    },
    async announce(id, node) {
      const args = [id, JSON.stringify(node), String(GONE_SECONDS)]
      await evaluate(ANNOUNCE, [keys.nodes, keys.seen], args)
    },
    async nodes() {
      const answer = (await redis.send(['HVALS', keys.nodes])) as string[]
      return answer.map((text) => JSON.parse(text) as AnnouncedNode)
    },
    async withdraw(id) {
      await redis.send(['HDEL', keys.nodes, id])
    },
  }
}

/** An id, and the names and values of its fields: an entry has one. */
type RawEntry = [string, string[]]

/** A position as an entry id: the same two numbers, without leading zeros. */
function entryId(cursor: Cursor): string {
  const [toid = '', index = ''] = cursor.split('-')
  return `${BigInt(toid)}-${BigInt(index)}`
}

function cursorOf(id: string): Cursor {
  const [toid = '', index = ''] = id.split('-')
  return `${toid.padStart(19, '0')}-${index.padStart(10, '0')}`
}
