import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { readRecording } from '../src/simulator/recording.ts'
import { createSimulator } from '../src/simulator/simulator.ts'
import { openStoreForReading } from '../src/store/store.ts'
import { run } from './processes.ts'
import { median, percentile } from './table.ts'
import type { Figure } from './table.ts'

const LIVELY = fileURLToPath(new URL('../fixtures/lively.jsonl.gz', import.meta.url))
const REQUESTS = 1_000
const CLOSED = 60
const ROUNDS = 7
const PORT = 39_874

/** The time from a commit to the answers of requests that waited for it. */
export async function waiting(folder: string): Promise<Figure[]> {
  const recording = await readRecording(LIVELY)
  const { contractId, network, firstLedger } = recording.header
  const rpc = await createSimulator({ recording, speed: 0, closed: CLOSED })
  const path = join(folder, 'waiting.db')
  const daemon = run(['src/main.ts', 'start'], {
    CONTRACT_ID: contractId,
    NETWORK: network.passphrase,
    DATABASE_PATH: path,
    RPC_URL: rpc.url,
    PORT: String(PORT),
    AUDIT_INTERVAL_SECONDS: '0',
    LOG_LEVEL: 'silent',
    RATE_LIMIT_PER_MINUTE: '0',
    MAX_WAITING: String(REQUESTS),
    MAX_CONNECTIONS_PER_ADDRESS: String(2 * REQUESTS),
  })
  await answers(`/streams?wait_ledger=${firstLedger + CLOSED - 1}`)
  const store = openStoreForReading(path)
  const sockets = await Promise.all(Array.from({ length: REQUESTS }, open))
  const floors = await askAll(sockets, '/streams/1')
  const floor = percentile(await floors.times(floors.sentAt), 1)
  const rounds: number[][] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const ledger = (store.coverage.checkpoint()?.ledger ?? 0) + 1
    const asked = await askAll(sockets, `/streams/1?wait_ledger=${ledger}&wait=30`)
    while (!(await answers(`/streams?wait_ledger=${ledger}&wait=0`)).includes('too many')) {
      await sleep(5)
    }
    rpc.closeNext(1)
    rounds.push(await asked.times(await committed(store, ledger)))
  }
  for (const socket of sockets) socket.destroy()
  store.close()
  await daemon.stop()
  await rpc.close()
  const row = (name: string, share: number, target: string): Figure => {
    const value = median(rounds.map((times) => percentile(times, share)))
    return {
      name: `commit to the answers of ${REQUESTS} waiting requests, ${name}, ms`,
      value: value.toFixed(0),
      floor: `${floor.toFixed(0)} (as many requests that do not wait, the last)`,
      ratio: (value / floor).toFixed(2),
      target,
    }
  }
  return [row('median', 0.5, '≤ 100'), row('last', 1, '≤ 300')]
}

/** The body of an answer, once there is one. */
async function answers(path: string): Promise<string> {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${PORT}${path}`).catch(() => undefined)
    if (response !== undefined) return response.text()
    await sleep(20)
  }
}

function open(): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket = connect(PORT, '127.0.0.1', () => resolve(socket))
  socket.once('error', reject)
  return promise
}

/** `times`: milliseconds from a moment to the first byte of each answer, once all are there. */
async function askAll(sockets: readonly Socket[], path: string) {
  const sentAt = performance.now()
  const arrivals = sockets.map((socket) => {
    const { promise, resolve } = Promise.withResolvers<number>()
    socket.once('data', () => resolve(performance.now()))
    socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
    return promise
  })
  return {
    sentAt,
    times: async (from: number) => (await Promise.all(arrivals)).map((at) => at - from),
  }
}

/** When another process had committed this ledger, to the millisecond. */
async function committed(
  store: ReturnType<typeof openStoreForReading>,
  ledger: number,
): Promise<number> {
  while ((store.coverage.checkpoint()?.ledger ?? 0) < ledger) await sleep(1)
  return performance.now()
}
