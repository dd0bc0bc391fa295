import { refuse } from './refusals.ts'

/** The key in a path, an account or a contract; undefined if it does not look like one. */
export function keyOf(text = ''): string | undefined {
  return /^[GC][A-Z2-7]{55}$/.test(text) ? text : undefined
}

export function badKey(): Response {
  return refuse(400, 'Invalid Stellar public key format')
}
