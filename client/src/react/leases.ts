/** What several components use at once, by key: opened for the first of them, closed after the last. */
export interface Leases<T> {
  /** `open` is called if nobody has it open. */
  take(key: string, open: () => T): Lease<T>
}

export interface Lease<T> {
  readonly of: T
  giveBack(): void
}

interface Held<T> {
  of: T
  holders: number
}

export function createLeases<T extends { close(): void }>(): Leases<T> {
  const held = new Map<string, Held<T>>()

  function close(key: string, entry: Held<T>): void {
    if (entry.holders > 0 || held.get(key) !== entry) return
    held.delete(key)
    entry.of.close()
  }

  return {
    take(key, open) {
      const entry = held.get(key) ?? { of: open(), holders: 0 }
      held.set(key, entry)
      entry.holders += 1
      let isGivenBack = false
      return {
        of: entry.of,
        giveBack() {
          if (isGivenBack) return
          isGivenBack = true
          entry.holders -= 1
          // React's strict mode, and a page that replaces another, take it again at once.
          if (entry.holders === 0) setTimeout(close, 0, key, entry)
        },
      }
    },
  }
}
