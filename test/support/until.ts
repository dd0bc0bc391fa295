import { vi } from 'vitest'
import { PATIENCE_MS } from './patience.ts'

/** Waits until the condition holds. Throws if it does not hold within `PATIENCE_MS`. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  await vi.waitUntil(condition, { interval: 5, timeout: PATIENCE_MS })
}
