import { expect, test } from 'vitest'
import { encodeAddress } from '../../src/domain/strkey.ts'
import type { TokenMetadata } from '../../src/domain/token.ts'
import { getJson, indexed, setUp, startIndexer } from '../support/daemon.ts'
import type { Answer } from '../support/daemon.ts'
import { finalStreams, lastLedger } from '../support/recorded.ts'
import { loadRecording } from '../support/recordings.ts'
import { withToken } from '../support/token-entry.ts'

const plain = await loadRecording('first-steps')
const { tokenAddress: used, sender } = finalStreams(plain).get('1')! as Record<string, string>
const [token = ''] = [used]
const recording = withToken(plain, token, { decimal: 7, name: 'native', symbol: 'XLM' })
const contract = (byte: number) => encodeAddress('contract', new Uint8Array(32).fill(byte))

test('a token is read from the chain once, and kept', async () => {
  const { daemon, simulator, env } = await setUp(recording)
  await indexed(daemon.url, lastLedger(recording))
  const get = (url: string, address: string) =>
    getJson<Answer<TokenMetadata>>(`${url}/tokens/${address}`)
  const { data, asOf } = await get(daemon.url, token)
  expect(data).toEqual({ address: token, symbol: 'XLM', name: 'native', decimals: 7 })
  expect(asOf.ledger).toBe(lastLedger(recording))
  // The chain has no contract at this address.
  const nothing = { address: contract(1), symbol: null, name: null, decimals: null }
  expect((await get(daemon.url, contract(1))).data).toEqual(nothing)
  // Nor at these, which are asked for together.
  const many = Array.from({ length: 20 }, (_, index) => contract(index + 1))
  const answers = await Promise.all(many.map((address) => get(daemon.url, address)))
  expect(answers.map((answer) => answer.data.address)).toEqual(many)

  await simulator.close()
  expect((await get(daemon.url, token)).data).toEqual(data)
  expect((await get(daemon.url, contract(1))).data).toEqual(nothing)
  // What was not read yet cannot be read now.
  const unread = await fetch(`${daemon.url}/tokens/${contract(99)}`)
  expect(unread.status).toBe(503)
  expect(unread.headers.get('retry-after')).toBe('5')
  // A token of streams is in the database, and outlives the process.
  await daemon.close()
  const again = await startIndexer(env)
  expect((await get(again.url, token)).data).toEqual(data)
})

test('P8: what is not the address of a contract is refused', async () => {
  const { daemon } = await setUp(plain)
  for (const address of [
    String(sender),
    token.slice(1),
    `${token}A`,
    'native',
    token.toLowerCase(),
  ]) {
    const refused = await fetch(`${daemon.url}/tokens/${address}`)
    expect(refused.status, address).toBe(400)
    expect(await refused.text()).toContain('a token is a contract')
  }
})
