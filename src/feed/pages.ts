import type { Cursor } from '../domain/cursor.ts'
import type { Gap } from '../store/read/coverage.ts'
import { toBytes } from './frame.ts'
import type { Bytes } from './frame.ts'
import type { Group } from './subscription.ts'
import type { TextReading } from './view.ts'

/** What matches a group's filter after `after` and up to `reached`, as it goes over the wire. */
export interface Page {
  readonly group: Group
  readonly after: Cursor
  readonly reached: Cursor
  /** The gap that begins where the page ends. */
  readonly gap: Gap | undefined
  /** Undefined if nothing matches. */
  readonly bytes: Bytes | undefined
  /** How many events are in `bytes`. */
  readonly events: number
  /** The id of the last event in `bytes`. */
  readonly last: Cursor | undefined
  /** It was asked for since the last sweep. */
  used: boolean
}

/** What one subscription gets of a page. */
export type Part = Pick<Page, 'reached' | 'gap' | 'bytes' | 'events' | 'last'> & {
  /** Instead of `bytes`. */
  text?: string | undefined
}

export function createPage({ group, after, reading }: CreatePageOptions): Page {
  const { text, count: events, last, reached, gap } = reading
  return {
    group,
    after,
    reached,
    gap,
    bytes: text === undefined ? undefined : toBytes(text),
    events,
    last,
    used: true,
  }
}

interface CreatePageOptions {
  group: Group
  after: Cursor
  reading: TextReading
}

/** A reading for one subscription alone: it is not kept, and needs no bytes. */
export function partOfReading({ text, count: events, last, reached, gap }: TextReading): Part {
  return { text, events, last, reached, gap, bytes: undefined }
}

/** The rest of a page after a position inside it. */
export function partOf(page: Page, cursor: Cursor): Part {
  const { after, reached, gap, bytes, last } = page
  if (cursor === after || bytes === undefined) return page
  const { chunk, start, end } = bytes
  let { events } = page
  let from = start
  while (from < end) {
    const blockEnd = chunk.indexOf(BLOCK_END, from) + BLOCK_END.length
    const idEnd = blockEnd - BLOCK_END.length
    // A block ends with its id, and all ids have the same length.
    if (chunk.toString('latin1', idEnd - cursor.length, idEnd) > cursor) break
    events -= 1
    from = blockEnd
  }
  if (from >= end) return { reached, gap, bytes: undefined, events: 0, last: undefined }
  const text = chunk.toString('utf8', from, end)
  return { reached, gap, bytes: undefined, text, events, last }
}

const BLOCK_END = Buffer.from('\n\n')

/**
 * Pages that were read a short time ago. If a thousand clients come back together, each with its
 * own position, the log is read once.
 */
export interface PageCache {
  /** A page that has what comes after `cursor`. */
  find(group: Group, cursor: Cursor): Page | undefined
  add(page: Page): void
  /** Drops the pages that were not asked for since the last sweep. */
  sweep(): void
  /** Drops the pages of a group, or all pages. */
  drop(group?: Group): void
}

export function createPageCache(maxBytes: number): PageCache {
  /** The oldest first. */
  const pages = new Set<Page>()
  const byGroup = new Map<Group, Page[]>()
  let bytes = 0

  function remove(page: Page): void {
    if (!pages.delete(page)) return
    bytes -= sizeOf(page)
    const others = byGroup.get(page.group)?.filter((other) => other !== page) ?? []
    if (others.length > 0) byGroup.set(page.group, others)
    else byGroup.delete(page.group)
  }

  return {
    find(group, cursor) {
      // Clients that come back together want the same pages, most likely the newest.
      const page = byGroup
        .get(group)
        ?.findLast(({ after, reached }) => after <= cursor && cursor < reached)
      if (page !== undefined) page.used = true
      return page
    },
    add(page) {
      pages.add(page)
      const others = byGroup.get(page.group)
      if (others === undefined) byGroup.set(page.group, [page])
      else others.push(page)
      bytes += sizeOf(page)
      for (const oldest of pages) {
        if (bytes <= maxBytes) break
        remove(oldest)
      }
    },
    sweep() {
      for (const page of pages) {
        if (page.used) page.used = false
        else remove(page)
      }
    },
    drop(group) {
      if (group === undefined) {
        pages.clear()
        byGroup.clear()
        bytes = 0
        return
      }
      for (const page of byGroup.get(group) ?? []) remove(page)
    },
  }
}

/** A page without bytes needs memory too. */
const OVERHEAD = 512

function sizeOf({ bytes }: Page): number {
  return OVERHEAD + (bytes?.chunk.length ?? 0)
}
