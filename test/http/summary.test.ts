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
  const { daemon } = await setUp(recording)
  await indexed(daemon.url, lastLedger(recording))
  const { data: streams } = await getJson<Answer<StreamJson[]>>(`${daemon.url}/streams?limit=200`)
  const url = `${daemon.url}/summary?wait_ledger=${lastLedger(recording)}`
  const { data, asOf } = await getJson<Answer<{ tokens: TokenSummary[] }>>(url)
  expect(asOf.ledger).toBe(lastLedger(recording))
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
