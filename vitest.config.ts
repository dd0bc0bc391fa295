import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/torture/**'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Many tests wait for a process or a socket: one worker more than cores keeps these busy.
    maxWorkers: availableParallelism() + 1,
  },
})
