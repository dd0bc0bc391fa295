/** The contract's integer types and how its arithmetic behaves at their edges. */

export const U64_MAX = (1n << 64n) - 1n
export const I128_MAX = (1n << 127n) - 1n
export const I128_MIN = -(1n << 127n)

/** Unsigned 64-bit decimal text, or undefined. */
export function parseU64(text: string): bigint | undefined {
  if (!/^(0|[1-9]\d{0,19})$/.test(text)) return undefined
  const value = BigInt(text)
  return value <= U64_MAX ? value : undefined
}

export function saturate(value: bigint): bigint {
  if (value > I128_MAX) return I128_MAX
  return value < I128_MIN ? I128_MIN : value
}

export function saturatingAdd(a: bigint, b: bigint): bigint {
  return saturate(a + b)
}

export function saturatingSub(a: bigint, b: bigint): bigint {
  return saturate(a - b)
}

/** A u64 time as JSON: a number, or null where a double could not hold it exactly. */
export function jsonTime(seconds: bigint | null): number | null {
  if (seconds === null || seconds > BigInt(Number.MAX_SAFE_INTEGER) || seconds < 0n) return null
  return Number(seconds)
}

/** RFC 3339 UTC in whole seconds, as the RPC writes it. */
export function instant(seconds: number): string
export function instant(seconds: number | null): string | null
export function instant(seconds: number | null): string | null {
  return seconds === null ? null : `${new Date(seconds * 1_000).toISOString().slice(0, 19)}Z`
}
