import { defineConfig } from 'vitest/config'
import { PATIENCE_MS } from './test/support/patience.ts'

/**
 * `npm run test:cluster`: several processes on one file, several nodes on a real Redis server, and the
 * client over bad lines.
 */
export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    // They wait far more than they work.
    maxWorkers: 2,
    include: ['test/cluster/*.cluster.ts'],
    testTimeout: 4 * PATIENCE_MS,
    hookTimeout: PATIENCE_MS,
    expect: { poll: { timeout: PATIENCE_MS, interval: 20 } },
  },
})
