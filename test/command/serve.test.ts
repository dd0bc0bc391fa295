import { execFileSync } from 'node:child_process'
import Database from 'better-sqlite3'
import { afterEach, describe, expect, test } from 'vitest'
import { environment, getJson, indexed, simulate } from '../support/daemon.ts'
import { subscribe } from '../support/feed/client.ts'
import type { Message } from '../support/feed/client.ts'
import { launchServer, run, takenPort, temporaryFolder } from '../support/process.ts'
import { lastLedger, recordedIds } from '../support/recorded.ts'
import { loadRecording } from '../support/recordings.ts'

/** Several processes on one database and one port, as an operator starts them. */

const recording = await loadRecording('quirks')
const LAST = lastLedger(recording)
const ids = recordedIds(recording)

interface Stats {
  activeConnections: number
  maxConnections: number
  live: number
}

const stopping = new Set<AbortController>()
afterEach(() => {
  for (const each of stopping) each.abort()
  stopping.clear()
})

const statsOf = (url: string) => getJson<Stats>(`${url}/events/stats`)

/** Follows the feed until the test is over. It reconnects with the last id when it is cut. */
function follow(url: string, lastEventId?: string) {
  const stop = new AbortController()
  stopping.add(stop)
  const frames: Message[] = []
  let last = lastEventId
  async function read(): Promise<void> {
    while (!stop.signal.aborted) {
      const headers: Record<string, string> = last === undefined ? {} : { 'Last-Event-ID': last }
      try {
        const target = `${url}/events/subscribe?all=true&cursor=earliest`
        for await (const frame of subscribe(target, stop.signal, headers)) {
          frames.push(frame)
          last = frame.id ?? last
        }
      } catch {
        // Cut or refused: it reconnects.
      }
    }
  }
  void read()
  return {
    frames,
    events: () => frames.flatMap(({ event, id }) => (/\./.test(event) ? id! : [])),
  }
}

async function setUp(closed: number) {
  const simulator = await simulate(recording, { speed: 0, closed })
  const env = environment(recording, {
    rpcUrl: simulator.url,
    databasePath: `${await temporaryFolder()}/shared.db`,
  })
  return { simulator, env }
}

function childrenOf({ pid }: { pid: number }): number[] {
  return execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    .split('\n')
    .map(Number)
    .filter((child) => child > 0)
}

describe('start --workers', () => {
  test('P6: subscriptions are spread over workers, statistics are totals, and a dead worker is replaced', async () => {
    const { simulator, env } = await setUp(20)
    const daemon = await launchServer(['start', '--workers', '2'], {
      ...env,
      MAX_SUBSCRIPTIONS: '100',
    })
    const { url } = daemon
    await indexed(url, simulator.latestLedger())
    const clients = Array.from({ length: 24 }, () => follow(url))
    await expect
      .poll(() => statsOf(url))
      .toMatchObject({ activeConnections: 24, maxConnections: 100, live: 24 })
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).toMatch(/^flowfi_subscriptions\{mode="live"\} 24$/m)
    expect(metrics).toMatch(
      new RegExp(`^flowfi_checkpoint_ledger ${simulator.latestLedger()}$`, 'm'),
    )
    expect(metrics).toMatch(/^flowfi_pages_total [1-9]/m)

    const [victim = 0, other = 0] = childrenOf(daemon)
    process.kill(victim, 'SIGKILL')
    simulator.closeNext(40)
    await daemon.wrote(/worker ended, starting another/)
    await expect.poll(() => childrenOf(daemon).filter((pid) => pid !== victim).length).toBe(2)
    expect(childrenOf(daemon)).toContain(other)
    simulator.closeNext(1_000)
    for (const client of clients) {
      await expect.poll(() => client.events().length).toBe(ids.length)
      expect(client.events()).toEqual(ids)
    }
    await expect
      .poll(() => getJson(`${url}/status`))
      .toMatchObject({ endpoints: [{ state: 'ok', latestLedger: LAST }] })
    expect((await fetch(`${url}/ready`)).status).toBe(200)
    // A worker that hangs does not delay the end.
    process.kill(other, 'SIGSTOP')
    await daemon.stop()
  })

  test('P8: the request limit of an address counts over all workers', async () => {
    const { env } = await setUp(5)
    const daemon = await launchServer(['start', '--workers', '2'], {
      ...env,
      RATE_LIMIT_PER_MINUTE: '10',
    })
    // Each request has its own connection; the system spreads connections over the workers.
    const ask = async () => {
      const { status } = await fetch(`${daemon.url}/streams`, { headers: { connection: 'close' } })
      return status
    }
    const began = performance.now()
    const statuses = await Promise.all(Array.from({ length: 40 }, ask))
    // One more is allowed every six seconds.
    const most = 10 + Math.ceil((performance.now() - began) / 6_000)
    const answered = statuses.filter((status) => status === 200).length
    expect(answered).toBeGreaterThanOrEqual(10)
    expect(answered).toBeLessThanOrEqual(most)
    expect(statuses.filter((status) => status === 429)).toHaveLength(40 - answered)
    await daemon.stop()
  })

  test('no worker stays behind when the supervisor is killed', async () => {
    const { env } = await setUp(5)
    const daemon = await launchServer(['start', '--workers', '2'], env)
    const workers = childrenOf(daemon)
    expect(workers).toHaveLength(2)
    daemon.kill('SIGKILL')
    await daemon.ended
    await expect.poll(() => workers.filter(isAlive)).toEqual([])
  })
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('serve', () => {
  test('serve shares database and port with start, follows its commits, and is not ready without it', async () => {
    const { simulator, env } = await setUp(20)
    const shared = { ...env, SHARE_PORT: 'true', TIP_STALL_SECONDS: '2' }
    const writer = await launchServer(['start'], shared)
    await indexed(writer.url, simulator.latestLedger())
    const reader = await launchServer(['serve'], {
      ...shared,
      CONTRACT_ID: '',
      PORT: new URL(writer.url).port,
    })
    expect(reader.url).toBe(writer.url)
    await writer.stop()
    // New connections reach the process that is left.
    const client = follow(reader.url)
    await expect.poll(() => client.frames.some(({ event }) => event === 'caught_up')).toBe(true)
    const ready = async () => (await fetch(`${reader.url}/ready`)).status
    await expect.poll(ready).toBe(503)
    const again = await launchServer(['start'], env)
    // It is ready only while the tip moves.
    const readyAfterALedger = () => {
      simulator.closeNext()
      return ready()
    }
    await expect.poll(readyAfterALedger, { interval: 100 }).toBe(200)
    simulator.closeNext(1_000)
    await expect.poll(() => client.events().length).toBe(ids.length)
    expect(client.events()).toEqual(ids)
    for (const path of ['/status', '/audit', '/streams', '/events', '/metrics']) {
      expect([path, (await fetch(reader.url + path)).status]).toEqual([path, 200])
    }
    await again.stop()
    await reader.stop()
  })

  test('P5: subscribers of serve get a reset when another process has repaired streams', async () => {
    const { env } = await setUp(LAST)
    expect(await run(['sync'], env)).toMatchObject({ code: 0 })
    const reader = await launchServer(['serve'], env)
    const client = follow(reader.url)
    await expect.poll(() => client.frames.some(({ event }) => event === 'caught_up')).toBe(true)
    const sqlite = new Database(env['DATABASE_PATH'])
    sqlite.exec("update streams set withdrawn_amount = '3' where stream_id = 1")
    sqlite.close()
    expect(await run(['audit', '--repair'], env)).toMatchObject({ code: 0 })
    const resets = () => client.frames.filter(({ event }) => event === 'reset')
    await expect.poll(resets).toMatchObject([{ data: { reason: 'gap' } }])
    await reader.stop()
  })

  test('serve refuses a missing database, one of another contract, and a taken port, and says what to do', async () => {
    const { env } = await setUp(5)
    const none = await run(['serve'], env)
    expect(none).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no database at/) as string,
    })
    const synced = await run(['sync'], env)
    expect(synced.code).toBe(0)
    const { contractId } = (await loadRecording('busy')).header
    const other = await run(['serve'], { ...env, CONTRACT_ID: contractId })
    expect(other).toMatchObject({
      code: 2,
      err: expect.stringMatching(/belongs to the contract/) as string,
    })
    const port = await takenPort()
    for (const args of [['serve'], ['start', '--workers', '2']]) {
      const refused = await run(args, { ...env, PORT: String(port) })
      expect(refused).toMatchObject({
        code: 2,
        err: expect.stringMatching(
          new RegExp(`port ${port}.* is taken by another program`),
        ) as string,
      })
    }
  })
})
