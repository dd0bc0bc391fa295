/** What a proxy in front of the daemon must do, whichever it is. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFeedClient, subscribeRequest } from '../support/feed/client.ts'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'
import { ADMIN_TOKEN } from '../support/tokens.ts'
import { until } from '../support/until.ts'

/** Longer than the minute after which proxies usually give up a silent connection. */
const SILENCE_MS = 65_000
const BEGIN = 3

export interface Proxy {
  url: string
  close(): Promise<void>
}

interface From {
  headers?: Record<string, string>
  localAddress?: string
}

export function testProxy(name: string, start: (daemonPort: number) => Promise<Proxy>): void {
  describe.skipIf(isMissing(name))(`deploy/ for ${name}`, () => {
    let daemon: FeedDaemon
    let proxy: Proxy

    beforeAll(async () => {
      // No heartbeat comes within the minute, so that the proxy has nothing to pass on.
      const env = { TRUST_PROXY: '127.0.0.1,::1', HEARTBEAT_SECONDS: '300', ADMIN_TOKEN }
      daemon = await startFeedDaemon({ recording: 'first-steps', closed: BEGIN, env })
      await daemon.indexed()
      proxy = await start(Number(new URL(daemon.url).port))
      await until(() => answers(proxy.url))
    })
    afterAll(async () => {
      await proxy.close()
      await daemon.close()
    })

    async function open(query: string, { headers = {}, localAddress }: From = {}) {
      const { hostname: host, port } = new URL(proxy.url)
      const socket = connect({ host, port: Number(port), ...(localAddress && { localAddress }) })
      await once(socket, 'connect')
      const client = createFeedClient(socket, { head: true, chunked: false })
      socket.write(subscribeRequest(`${proxy.url}/events/subscribe?${query}`, headers))
      return client
    }

    test('passes REST on', async () => {
      for (const path of ['/streams', '/events?limit=1000', '/health']) {
        const [through, without] = await Promise.all(
          [proxy.url, daemon.url].map(async (url) => {
            const response = await fetch(url + path)
            const { data, status } = (await response.json()) as Record<string, unknown>
            return { status: response.status, data, word: status }
          }),
        )
        expect(through).toEqual(without)
      }
    })

    test('passes each frame on at once, also after more than a minute of silence', async () => {
      const client = await open('all=true&cursor=earliest')
      await client.until(({ messages }) => messages.some(({ event }) => event === 'caught_up'))
      expect(client.head?.headers['content-type']).toBe('text/event-stream')
      const before = client.events().length
      await sleep(SILENCE_MS)
      expect(client.ended).toBe(false)
      while (client.events().length === before) {
        daemon.simulator.closeNext()
        await daemon.indexed()
        const sent = daemon.log().length
        await client.until((each) => each.events().length === sent)
      }
      client.socket.destroy()
    })

    test('ends the subscription at the daemon when the client has gone', async () => {
      const client = await open('all=true')
      await client.until(({ messages }) => messages.some(({ event }) => event === 'caught_up'))
      expect((await daemon.stats())['activeConnections']).toBe(1)
      client.socket.destroy()
      await until(async () => (await daemon.stats())['activeConnections'] === 0)
    })

    test('tells the daemon the client’s address, and nothing that the client made up', async () => {
      const from = ['127.0.0.2', '127.0.0.2', '127.0.0.3']
      const clients = await Promise.all(
        from.map((localAddress, at) => {
          const claims = { 'X-Forwarded-For': `203.0.113.${at}`, 'X-Forwarded-User': `user ${at}` }
          return open('all=true', { headers: claims, localAddress })
        }),
      )
      for (const client of clients) await client.until(({ messages }) => messages.length > 0)
      const { activeIps, activeConnections } = await daemon.stats()
      expect({ activeIps, activeConnections }).toEqual({ activeIps: 2, activeConnections: 3 })
      const listed = await fetch(`${proxy.url}/admin/subscriptions`, {
        headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      })
      const { data } = (await listed.json()) as { data: { address: string; user: string | null }[] }
      expect(data.map(({ address }) => address).toSorted()).toEqual(from)
      expect(data.map(({ user }) => user)).toEqual([null, null, null])
      for (const { socket } of clients) socket.destroy()
      await until(async () => (await daemon.stats())['activeConnections'] === 0)
    })

    test('passes on the end of a subscription as a clean end', async () => {
      const client = await open('all=true')
      await client.until(({ messages }) => messages.some(({ event }) => event === 'caught_up'))
      const closing = daemon.close()
      await client.until(({ ended, messages }) => ended || messages.at(-1)?.event === 'reconnect')
      expect(client.messages.at(-1)?.event).toBe('reconnect')
      await until(() => client.complete)
      await closing
    })
  })
}

function isMissing(program: string): boolean {
  const found = spawnSync(program, ['-v'], { stdio: 'ignore' }).error === undefined
  // oxlint-disable-next-line node/no-process-env -- CI installs what is tested
  if (!found && process.env['CI'] !== undefined) throw new Error(`CI must install ${program}`)
  if (!found) process.stderr.write(`skipped: ${program} is not installed\n`)
  return !found
}

interface Running {
  folder: string
  port: number
  env?: Record<string, string>
}

/** Starts the program; closing it removes its folder. */
export function run(command: readonly string[], { folder, port, env = {} }: Running): Proxy {
  const [program = '', ...args] = command
  const child = spawn(program, args, {
    env: { PATH: '/usr/sbin:/usr/bin:/bin', ...env },
    stdio: 'ignore',
  })
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      if (child.exitCode === null) {
        child.kill('SIGTERM')
        await once(child, 'exit')
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function answers(url: string): Promise<boolean> {
  return (await fetch(`${url}/health`).catch(() => undefined))?.status === 200
}
