import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { expect, onTestFinished, test } from 'vitest'
import { setUp } from '../support/daemon.ts'
import { loadRecording } from '../support/recordings.ts'
import { until } from '../support/until.ts'

/** More than the long requests that one address may have under way. */
const CLIENTS = 20

/** An identity provider that gives its keys away only when it is told to. */
async function openProvider() {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const keys = [{ ...(await exportJWK(publicKey)), alg: 'RS256', kid: 'a' }]
  const asked: ServerResponse[] = []
  const server = createServer((_, response) => void asked.push(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const exp = Math.floor(Date.now() / 1_000) + 600
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    token: await new SignJWT({ sub: 'somebody', exp })
      .setProtectedHeader({ alg: 'RS256', kid: 'a' })
      .sign(privateKey),
    asked,
    answer() {
      for (const response of asked) {
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }))
      }
    },
  }
}

test('P8: clients that leave before it is known who they are take nobody’s place', async () => {
  const provider = await openProvider()
  const { daemon } = await setUp(await loadRecording('first-steps'), {
    env: { AUTH: 'jwt', JWT_JWKS_URL: provider.url, MAX_WAITING: String(CLIENTS) },
  })
  const { hostname, port } = new URL(daemon.url)
  const authorization = `Bearer ${provider.token}`
  const wait = '/streams?wait_ledger=2000000000'
  const sockets = ['/events?format=csv', `${wait}&wait=30`].flatMap((path) =>
    Array.from({ length: CLIENTS }, () => {
      const socket = connect(Number(port), hostname)
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\n\r\n`)
      return socket
    }),
  )
  const ask = (path: string) => fetch(daemon.url + path, { headers: { authorization } })
  await until(() => provider.asked.length > 0 && sockets.every(({ connecting }) => !connecting))
  // By the time of the second answer the daemon has read all requests, and seen their clients leave.
  await fetch(`${daemon.url}/health`)
  for (const socket of sockets) socket.resetAndDestroy()
  await fetch(`${daemon.url}/health`)
  provider.answer()

  expect((await ask('/events?format=csv')).status).toBe(200)
  expect(await (await ask(`${wait}&wait=0`)).json()).toMatchObject({
    detail: expect.stringContaining('has not reached') as string,
  })
})
