import { expect, test } from 'vitest'
import type { StreamJson } from '../../src/http/json.ts'
import { getJson, indexed, setUp } from '../support/daemon.ts'
import type { Answer } from '../support/daemon.ts'
import { lastLedger } from '../support/recorded.ts'
import { loadRecording } from '../support/recordings.ts'

interface TokenSummary extends Record<string, unknown> {
  tokenAddress: string
}

test('P5: the summary adds up the streams of each token, and never across tokens', async () => {
  const recording = await loadRecording('first-steps')
  const last = lastLedger(recording)
  const closed = last - recording.header.firstLedger
  const { daemon, simulator } = await setUp(recording, { simulator: { speed: 0, closed } })
  await indexed(daemon.url, last - 1)
  const ask = (query: string) =>
    getJson<Answer<{ tokens: TokenSummary[] }>>(`${daemon.url}/summary${query}`)
  expect((await ask('')).asOf.ledger).toBe(last - 1)
  // What is kept until the next commit is not answered after it.
  simulator.closeNext(1)
  const { data, asOf } = await ask(`?wait_ledger=${last}`)
  expect(asOf.ledger).toBe(last)
  expect(await ask('')).toEqual({ data, asOf })
  const { data: streams } = await getJson<Answer<StreamJson[]>>(`${daemon.url}/streams?limit=200`)
  const byToken = Map.groupBy(streams, ({ tokenAddress }) => tokenAddress)
  expect(data.tokens.map(({ tokenAddress }) => tokenAddress)).toEqual(
    [...byToken.keys()].toSorted(),
  )
  for (const token of data.tokens) {
    const some = byToken.get(token.tokenAddress)!
    const count = (status: string) => some.filter((stream) => stream.status === status).length
    const sum = (amount: (stream: StreamJson) => bigint) =>
      some.reduce((total, stream) => total + amount(stream), 0n).toString()
    expect(token).toEqual({
      tokenAddress: token.tokenAddress,
      streams: some.length,
      active: count('active'),
      paused: count('paused'),
      cancelled: count('cancelled'),
      completed: count('completed'),
      depositedAmount: sum((stream) => BigInt(stream.depositedAmount)),
      withdrawnAmount: sum((stream) => BigInt(stream.withdrawnAmount)),
      lockedAmount: sum(({ isActive, depositedAmount, withdrawnAmount }) =>
        isActive ? BigInt(depositedAmount) - BigInt(withdrawnAmount) : 0n,
      ),
      claimableAmount: sum((stream) => BigInt(stream.claimableAmount)),
    })
  }
})
