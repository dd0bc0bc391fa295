import type { Cursor } from '../../src/domain/cursor.ts'
import type { Carrier, PublishResult } from '../../src/relay/carrier.ts'
import { readChangeEntry, readPageEntry, writeEntry } from '../../src/relay/entry.ts'

/** What Redis keeps for nodes, as far as publishing and following need it. */
export interface MemoryCarrier {
  carrier: Pick<Carrier, 'publishPage' | 'publishChange' | 'read' | 'lastChange'>
  /** Gives the lease to whoever asks: the one before is not told. */
  take(): string
  flush(): void
  /** The oldest pages go. */
  trim(pages: number): void
  /** Runs after each entry that was added, before the answer. */
  afterAdding: ((lease: string) => Promise<void>) | undefined
}

const AT_ONCE = 3

/** Without a fence, everyone who once had the lease can publish. */
export function createMemoryCarrier({ isFenced }: { isFenced: boolean }): MemoryCarrier {
  let lease = ''
  let fence = 0
  let pages: { id: Cursor; text: string }[] = []
  let changes: { id: number; text: string }[] = []

  async function add<T>(
    stream: { id: T; text: string }[],
    entry: { id: T; text: string },
    by: string,
  ): Promise<PublishResult> {
    if (isFenced && by !== lease) return 'fenced'
    const last = stream.at(-1)
    if (last !== undefined && entry.id <= last.id) return 'old'
    stream.push(entry)
    await memory.afterAdding?.(by)
    return 'added'
  }

  const memory: MemoryCarrier = {
    afterAdding: undefined,
    take: () => (lease = String((fence += 1))),
    flush() {
      lease = ''
      pages = []
      changes = []
    },
    trim(count) {
      // The newest stays, as it does in Redis.
      pages = pages.slice(Math.min(count, Math.max(0, pages.length - 1)))
    },
    carrier: {
      publishPage: (by, cursor, { entry }) =>
        add(pages, { id: cursor, text: writeEntry(entry) }, by),
      publishChange: (by, entry) =>
        add(changes, { id: entry.previous.sequence + 1, text: writeEntry(entry) }, by),
      read: async ({ cursor = '', sequence }) => ({
        pages: pages
          .filter(({ id }) => id > cursor)
          .slice(0, AT_ONCE)
          .map(({ id, text }) => ({ cursor: id, entry: readPageEntry(text) })),
        changes: changes
          .filter(({ id }) => id > sequence)
          .slice(0, AT_ONCE)
          .map(({ id, text }) => ({ sequence: id, entry: readChangeEntry(text) })),
      }),
      async lastChange() {
        const last = changes.at(-1)
        return last && { sequence: last.id, change: readChangeEntry(last.text).change }
      },
    },
  }
  return memory
}
