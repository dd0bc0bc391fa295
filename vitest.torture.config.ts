import { defineConfig } from 'vitest/config'
import { PATIENCE_MS } from './test/support/patience.ts'

export default defineConfig({
  test: {
    include: ['test/torture/**/*.torture.ts'],
    testTimeout: 3_600_000,
    expect: { poll: { timeout: PATIENCE_MS, interval: 10 } },
  },
})
