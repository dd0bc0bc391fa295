import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/torture/**/*.torture.ts'],
    testTimeout: 1_800_000,
    fileParallelism: false,
  },
})
