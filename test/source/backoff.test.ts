import { describe, expect, test } from 'vitest'
import { SourceError } from '../../src/domain/errors.ts'
import { backoff, retry } from '../../src/source/backoff.ts'

const never = new AbortController().signal
const busy = new SourceError('busy', 'x')

describe('P8: the delay after a failure', () => {
  test('the delay doubles up to two ledgers, and jitter takes off at most half of it', () => {
    const longest = [1, 2, 3, 8, 30].map((failures) => backoff(busy, failures, { random: () => 1 }))
    expect(longest).toEqual([250, 500, 1_000, 10_000, 10_000])
    expect(backoff(busy, 8, { random: () => 0 })).toBe(5_000)
  })

  test('the delay is at least what the server asked for, up to five minutes', () => {
    const asked = (retryAfterMs: number) => new SourceError('busy', 'x', { retryAfterMs })
    expect(backoff(asked(7_000), 1, { random: () => 1 })).toBe(7_000)
    expect(backoff(asked(10), 3, { random: () => 1 })).toBe(1_000)
    expect(backoff(asked(86_400_000), 1, { random: () => 1 })).toBe(300_000)
  })
})

describe('P9: a source that fails', () => {
  const failing = (times: number, error: Error = busy) => {
    let calls = 0
    return async () => {
      calls += 1
      if (calls <= times) throw error
      return calls
    }
  }
  const delays: number[] = []
  const options = {
    random: () => 1,
    sleep: async (milliseconds: number) => void delays.push(milliseconds),
    onFailure() {},
  }

  test('a source that fails is asked again after longer and longer delays', async () => {
    delays.length = 0
    expect(await retry(failing(3), options, never)).toBe(4)
    expect(delays).toEqual([250, 500, 1_000])
  })

  test('a source that fails too often ends with its last error', async () => {
    await expect(retry(failing(3), { ...options, maxFailures: 3 }, never)).rejects.toBe(busy)
  })

  test('an error that is not a fault of the source is thrown at once', async () => {
    const bug = new TypeError('undefined is not a function')
    await expect(retry(failing(1, bug), options, never)).rejects.toBe(bug)
  })

  test('an abort during the delay ends with the reason of the abort', async () => {
    const stopping = new AbortController()
    const reason = new Error('over')
    const sleep = async () => stopping.abort(reason)
    await expect(retry(failing(9), { ...options, sleep }, stopping.signal)).rejects.toBe(reason)
  })
})
