import { vi } from 'vitest'
import { PATIENCE_MS } from './patience.ts'

/** Looks again and again until the condition holds. Throws when it does not within our patience. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  await vi.waitUntil(condition, { interval: 5, timeout: PATIENCE_MS })
}
