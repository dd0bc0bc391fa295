/**
 * A sequence of ids as two numbers, a count and a checksum. What was received is exactly the start of
 * what was sent if both have the same checksum after that many ids.
 */
export interface Tally {
  count: number
  sum: number
}

export const ID_LENGTH = 30

/** The checksum with another id, which starts at `at`. */
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
  /** Whether this is exactly the start of what was sent. */
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
