/** Numbers and times as FlowFi's clients read them. */

/** A u64: a number as long as a double holds it exactly, else a decimal string. */
export function numberOrText(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString()
}

/** The last moment that a Date can have, in seconds. */
const LAST = 8_640_000_000_000

/** Unix seconds as `2026-01-02T03:04:05.678Z`. */
export function iso(seconds: number | bigint): string {
  return new Date(Math.min(Number(seconds), LAST) * 1_000).toISOString()
}
