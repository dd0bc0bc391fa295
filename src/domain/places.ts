/**
 * Places that several processes share: each key has a bound over all of them. Everything is plain
 * data, so that one process can count for all.
 */
export interface Places {
  /** Takes a place under each key, or none. */
  take(wanted: readonly Place[]): Promise<Taken>
  /** Gives the places of one `take` back; nothing happens if it took none. */
  release(id: number): void
}

export interface Place {
  key: string
  most: number
}

export interface Taken {
  /** Names what was taken. */
  id: number
  /** The first key that is full; undefined if the places were taken. */
  full: string | undefined
}
