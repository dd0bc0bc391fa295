import { availableParallelism } from 'node:os'
import { BaseSequencer } from 'vitest/node'
import type { TestSpecification } from 'vitest/node'
import { defineConfig } from 'vitest/config'
import { PATIENCE_MS } from './test/support/patience.ts'

/** Files whose tests start the program many times. They run first, or the whole run would end late. */
const SLOW = /\/(command\/.*|storm|kill|foreign-clients|daemon\/audit)\.test\.ts$/

class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isSlow = ({ moduleId }: TestSpecification) => SLOW.test(moduleId)
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))]
  }
}

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    include: ['test/**/*.test.ts'],
    // Answers of a daemon must be those that the OpenAPI document describes.
    setupFiles: ['test/support/described/every-answer.ts'],
    // Limits only end a test that hangs. A busy machine makes tests slow, never red.
    testTimeout: 5 * PATIENCE_MS,
    hookTimeout: 5 * PATIENCE_MS,
    expect: { poll: { timeout: PATIENCE_MS, interval: 10 } },
    // Modules have no state, so all files of a worker can share them.
    isolate: false,
    // Many tests wait for a process or a socket: one extra worker keeps the cores busy.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: SlowFirst },
  },
})
