import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { getJson } from '../support/daemon.ts'
import { launch } from '../support/process.ts'
import type { Program } from '../support/process.ts'
import type { Range } from './whole.ts'

/** The indexer as a process: it can be killed and started again, and says how it is. */
export interface Indexer {
  start(): Promise<void>
  /** With SIGKILL. */
  kill(): Promise<void>
  /** With SIGTERM; it must end well. */
  stop(): Promise<void>
  ready(): Promise<Readiness>
  /** The last ledger in the log, 0 if there is none. */
  checkpoint(): Promise<number>
  /** The end of the log after pages that were on their way have been stored. */
  settledCheckpoint(): Promise<number>
  gaps(): Promise<Range[]>
}

export interface Readiness {
  /** Of the HTTP answer. */
  status: number
  ready: boolean
  reasons: string[]
  lagLedgers: number | null
}

interface Status {
  checkpoint: { ledger: number } | null
  gaps: Range[]
}

/** Looks in a row that must find the same checkpoint. */
const SAME_LOOKS = 5
const BETWEEN_LOOKS_MS = 100

export function createIndexer(env: Record<string, string>): Indexer {
  let program: Program | undefined
  let url = ''

  const status = () => getJson<Status>(`${url}/status`)
  const checkpoint = async () => (await status()).checkpoint?.ledger ?? 0

  async function end(signal: 'SIGKILL' | 'SIGTERM', expected: object): Promise<void> {
    program?.kill(signal)
    expect(await program?.ended).toMatchObject(expected)
  }

  return {
    checkpoint,
    async start() {
      program = launch(['start'], env)
      ;[, url = ''] = await program.wrote(/"url":"(http:[^"]+)"/)
    },
    kill: () => end('SIGKILL', { signal: 'SIGKILL', err: '' }),
    stop: () => end('SIGTERM', { code: 0 }),
    async ready() {
      const response = await fetch(`${url}/ready`)
      return { ...((await response.json()) as Omit<Readiness, 'status'>), status: response.status }
    },
    async settledCheckpoint() {
      let last = await checkpoint()
      for (let same = 0; same < SAME_LOOKS;) {
        await sleep(BETWEEN_LOOKS_MS)
        const now = await checkpoint()
        same = now === last ? same + 1 : 0
        last = now
      }
      return last
    },
    gaps: async () => (await status()).gaps.map(({ from, to }) => ({ from, to })),
  }
}
