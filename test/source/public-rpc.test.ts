/** Public RPCs over https, whose addresses no test server can have. */
import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { parseConfig } from '../../src/config/config.ts'
import { openSource } from '../../src/daemon/open-source.ts'
import { loadRecording } from '../support/recordings.ts'

const { header } = await loadRecording('first-steps')
const signal = new AbortController().signal
const server = setupServer()

beforeAll(() => server.listen())
afterAll(() => server.close())

interface Asked {
  url: string
  authorization: string | null
}

/** Answers getNetwork at `url`; every other method is missing. */
function answerAt(url: string): Asked[] {
  const asked: Asked[] = []
  server.use(
    http.post(url, async ({ request }) => {
      asked.push({ url: request.url, authorization: request.headers.get('authorization') })
      const { method } = (await request.clone().json()) as { method: string }
      const answer =
        method === 'getNetwork'
          ? { result: { passphrase: header.network.passphrase } }
          : { error: { code: -32_601, message: 'method not found' } }
      return HttpResponse.json({ jsonrpc: '2.0', id: 1, ...answer })
    }),
  )
  onTestFinished(() => server.resetHandlers())
  return asked
}

async function networkOf(env: Record<string, string>): Promise<string> {
  const config = parseConfig({ CONTRACT_ID: header.contractId, ...env })
  const source = await openSource(config, pino({ level: 'silent' }))
  onTestFinished(() => source.close())
  return (await source.network(signal)).passphrase
}

describe('an RPC over https', () => {
  test('without RPC_URL, the public RPC of testnet is used', async () => {
    const asked = answerAt('https://soroban-testnet.stellar.org/')
    expect(await networkOf({})).toBe(header.network.passphrase)
    expect(asked[0]).toEqual({ url: 'https://soroban-testnet.stellar.org/', authorization: null })
  })

  test('credentials of the URL are sent in a header, and path and query are kept', async () => {
    const asked = answerAt('https://rpc.example.org/v1/main')
    await networkOf({ RPC_URL: 'https://me:secret%20key@rpc.example.org/v1/main?tier=2' })
    expect(asked[0]).toEqual({
      url: 'https://rpc.example.org/v1/main?tier=2',
      authorization: `Basic ${Buffer.from('me:secret key').toString('base64')}`,
    })
  })
})
