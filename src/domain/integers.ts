/** The contract's integer types, and how its arithmetic behaves at their limits. */

export const U64_MAX = (1n << 64n) - 1n
export const I128_MAX = (1n << 127n) - 1n
export const I128_MIN = -(1n << 127n)

/** Reads an unsigned 64-bit decimal; undefined if `text` is not one. */
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
