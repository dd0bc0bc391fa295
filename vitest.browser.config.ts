import { defineConfig } from 'vitest/config'
import { PATIENCE_MS } from './test/support/patience.ts'

/** `npm run test:browser`: the live page, in a real Chromium. */
export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    include: ['test/browser/*.browser.ts'],
    // What is tested is what would be served.
    globalSetup: ['test/browser/build.ts'],
    testTimeout: 4 * PATIENCE_MS,
    hookTimeout: 2 * PATIENCE_MS,
    expect: { poll: { timeout: PATIENCE_MS, interval: 20 } },
    maxWorkers: 2,
  },
})
