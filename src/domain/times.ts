/** A u64 time as JSON: a number, or null if a double cannot hold it exactly. */
export function jsonTime(seconds: bigint | null): number | null {
  if (seconds === null || seconds > BigInt(Number.MAX_SAFE_INTEGER) || seconds < 0n) return null
  return Number(seconds)
}

/** Unix seconds as RFC 3339 in UTC, in the form that RPC servers use. */
export function instant(seconds: number): string
export function instant(seconds: number | null): string | null
export function instant(seconds: number | null): string | null {
  return seconds === null ? null : `${new Date(seconds * 1_000).toISOString().slice(0, 19)}Z`
}
