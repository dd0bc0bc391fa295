/**
 * A sequence of ids as two numbers: what has come is exactly the beginning of what was sent when the
 * sums of both after as many ids are equal.
 */
export interface Tally {
  count: number
  sum: number
}

export const ID_LENGTH = 30

/** The sum with another id, which begins at `at`. */
export function summed(sum: number, bytes: Buffer, at: number): number {
  let next = sum
  for (let index = at; index < at + ID_LENGTH; index += 1) {
    next = Math.imul(next ^ (bytes[index] ?? 0), 16_777_619)
  }
  return next
}

/** What was sent, in order. */
export interface Sent {
  add(ids: readonly string[]): void
  count(): number
  /** Whether this is exactly the beginning of what was sent. */
  begins({ count, sum }: Tally): boolean
}

export function createSent(): Sent {
  const sums = [0]
  return {
    add(ids) {
      for (const id of ids) sums.push(summed(sums.at(-1) ?? 0, Buffer.from(id), 0))
    },
    count: () => sums.length - 1,
    begins: ({ count, sum }) => sums[count] === sum,
  }
}
