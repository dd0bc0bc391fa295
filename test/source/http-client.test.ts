/** The HTTP client of an RPC, as the server sees it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { BrokenAnswer, createHttpClient } from '../../src/source/rpc/http-client.ts'
import { createRpcSource } from '../../src/source/rpc/rpc.ts'
import { reset, serveRpc, status } from '../support/rpc-server.ts'
import type { Reply } from '../support/rpc-server.ts'

const never = new AbortController().signal
const SOME_CONTRACT = 'CDLZFC3SYJYDZT7K67VZ75HPJVIEUVNIXF47ZG2FB2RMQQVU2HHGCYSC'
const CALL = JSON.stringify({ method: 'getNetwork' })

async function serving(...replies: Reply[]) {
  let time = 0
  const OK: Reply = { result: { passphrase: 'Net' } }
  const server = await serveRpc({ getNetwork: () => replies.shift() ?? OK })
  const client = createHttpClient(server.url, { now: () => time })
  const source = createRpcSource({
    url: server.url,
    contractId: SOME_CONTRACT,
    timeoutMs: 60_000,
  })
  onTestFinished(() => {
    client.reconnect()
    source.reconnect?.()
  })
  const rest = (ms: number) => {
    time += ms
  }
  return { server, client, source, rest }
}

describe('connections', () => {
  test.concurrent('an idle connection is kept for longer than a ledger takes', async () => {
    const { server, client } = await serving()
    await client.post(CALL, never)
    // Real time: the timers of the connection are under test.
    await sleep(6_000)
    expect(server.open()).toBe(1)
    await client.post(CALL, never)
    expect(server.connections()).toBe(1)
  })

  test('calls one after the other use the same connection', async () => {
    const { server, source } = await serving()
    for (let i = 0; i < 5; i += 1) await source.network(never)
    expect(server.connections()).toBe(1)
  })

  test('P3: a new connection is counted, unless the server keeps no connections', async () => {
    const closing: Reply = (response) => {
      response.setHeader('Connection', 'close')
      response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { passphrase: 'Net' } }))
    }
    const { client } = await serving(status(503), closing, closing)
    await client.post(CALL, never)
    expect(client.connections()).toBe(1)
    client.reconnect()
    await client.post(CALL, never)
    expect(client.connections()).toBe(2)
    for (let i = 0; i < 2; i += 1) await client.post(CALL, never)
    expect(client.connections()).toBe(2)
  })

  test('P3: after reconnect() there is a new connection, and the old one is closed', async () => {
    const { server, source } = await serving()
    await source.network(never)
    for (const expected of [2, 3]) {
      source.reconnect?.()
      await source.network(never)
      expect(server.connections()).toBe(expected)
    }
    await expect.poll(() => server.open()).toBe(1)
  })

  test('a connection in use at reconnect() brings its answer, and is closed then', async () => {
    const held = Promise.withResolvers<void>()
    const { server, source } = await serving((response) => {
      void held.promise.then(() => response.end('{"result":{"passphrase":"late"}}'))
    })
    const first = source.network(never)
    await expect.poll(() => server.calls.length).toBe(1)
    source.reconnect?.()
    expect(await source.network(never)).toEqual({ passphrase: 'Net' })
    expect(server.connections()).toBe(2)
    held.resolve()
    expect(await first).toEqual({ passphrase: 'late' })
    await expect.poll(() => server.open()).toBe(1)
  })

  test('a connection that the server closed while it was idle is no fault', async () => {
    const { server, client, rest } = await serving({ result: {} }, reset)
    await client.post(CALL, never)
    rest(5_000)
    // A request that comes too late gets the same reset.
    expect((await client.post(CALL, never)).status).toBe(200)
    expect(server.calls).toHaveLength(3)
    expect(server.connections()).toBe(2)
  })

  test('a connection that breaks twice, or soon after the last request, is a fault', async () => {
    const { server, client, rest } = await serving({ result: {} }, reset, reset, {}, reset)
    await client.post(CALL, never)
    rest(5_000)
    await expect(client.post(CALL, never)).rejects.toMatchObject({ code: 'ECONNRESET' })
    await client.post(CALL, never)
    rest(500)
    await expect(client.post(CALL, never)).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(server.calls).toHaveLength(5)
  })

  test('a connection that breaks at its first request is a fault', async () => {
    const { server, client } = await serving(reset)
    await expect(client.post(CALL, never)).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(server.calls).toHaveLength(1)
  })
})

describe('answers', () => {
  test('compressed answers are asked for and read', async () => {
    const { server, client } = await serving((response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"a":1}'))
    })
    expect((await client.post(CALL, never)).body).toBe('{"a":1}')
    expect(server.headers[0]).toMatchObject({ 'accept-encoding': 'gzip' })
  })

  test.each<[string, Reply]>([
    [
      'breaks off before its length',
      (response) => {
        response.writeHead(200, { 'content-length': 100 })
        response.write('{"result":', () => response.socket?.end())
      },
    ],
    [
      'breaks off between two chunks',
      (response) => {
        response.write('{"result":', () => response.socket?.destroy())
      },
    ],
    [
      'is compressed and breaks off',
      (response) => {
        const whole = gzipSync('x'.repeat(10_000))
        response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': whole.length })
        response.write(whole.subarray(0, 20), () => response.socket?.end())
      },
    ],
    ['is not compressed, though it says so', status(200, 'text', { 'content-encoding': 'gzip' })],
  ])('P9: an answer that %s is malformed', async (_, reply) => {
    const { client, source } = await serving(reply, reply)
    await expect(client.post(CALL, never)).rejects.toBeInstanceOf(BrokenAnswer)
    await expect(source.network(never)).rejects.toMatchObject({ fault: 'malformed' })
    expect(await source.network(never)).toEqual({ passphrase: 'Net' })
  })

  test.each<[string, Record<string, string>, Buffer]>([
    ['as sent', {}, Buffer.alloc(2_000, ' ')],
    ['when decompressed', { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(2_000, ' '))],
  ])(
    'P8: an answer that is too large %s is refused, and its connection is closed',
    async (_, headers, body) => {
      const { server } = await serving((response) => {
        response.writeHead(200, headers).write(body)
      })
      const client = createHttpClient(server.url, { maxAnswerBytes: 1_000 })
      await expect(client.post(CALL, never)).rejects.toThrow(/larger than 1000 bytes/)
      await expect.poll(() => server.open()).toBe(0)
    },
  )

  test('a call that is aborted during its answer ends at once', async () => {
    const { server, source } = await serving((response) => {
      response.write('{"result":')
    })
    const stopping = new AbortController()
    const call = source.network(stopping.signal)
    await expect.poll(() => server.calls.length).toBe(1)
    stopping.abort(new Error('stop'))
    await expect(call).rejects.toThrow('stop')
    await expect.poll(() => server.open()).toBe(0)
  })
})
