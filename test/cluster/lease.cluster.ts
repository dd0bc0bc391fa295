import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { createCarrier } from '../../src/relay/carrier.ts'
import type { Carrier } from '../../src/relay/carrier.ts'
import { openRedis } from '../../src/relay/connection.ts'
import { keysOf } from '../../src/relay/keys.ts'
import { NO_CHANGES } from '../../src/store/read/relay-position.ts'
import { startRedis, withoutRedis } from '../support/redis.ts'

const reason = withoutRedis()
const KEYS = keysOf({ networkPassphrase: 'a network', contractId: 'C' })

describe.skipIf(reason !== undefined)(`the lease${reason ? ` (${reason})` : ''}`, () => {
  test('P1: who no longer has it publishes nothing, and nothing is published twice', async () => {
    const redis = await startRedis()
    onTestFinished(redis.close)
    const connection = await openRedis(redis.url, pino({ level: 'silent' }))
    onTestFinished(connection.close)
    const carrier = createCarrier(connection, KEYS)
    let first: string | undefined
    await expect
      .poll(async () => (first = await taken(carrier, 'one').catch(() => undefined)))
      .toContain('one')
    expect(await published(carrier, first!, 10)).toBe('added')
    expect(await published(carrier, first!, 10)).toBe('old')
    expect(await published(carrier, first!, 9)).toBe('old')
    // It sleeps until another has it.
    redis.command('DEL', KEYS.lease)
    const second = await taken(carrier, 'two')
    expect(second).not.toBe(first)
    expect(await published(carrier, first!, 11)).toBe('fenced')
    await carrier.release(first!)
    expect(await published(carrier, second, 11)).toBe('added')
    expect(await carrier.head()).toEqual({ cursor: endOfLedger(11), tip: 11 })
    const { pages } = await carrier.read({ cursor: endOfLedger(9), sequence: 0 })
    expect(pages.map(({ cursor }) => cursor)).toEqual([endOfLedger(10), endOfLedger(11)])
  })
})

async function taken(carrier: Carrier, owner: string): Promise<string> {
  const wish = { mine: undefined, milliseconds: 60_000, take: true, owner: `${owner} ${owner}` }
  return (await carrier.lease(wish))!.lease
}

function published(carrier: Carrier, lease: string, ledger: number) {
  const cursor = endOfLedger(ledger)
  const page = { events: [], cursor, scannedFrom: ledger, closedAt: undefined }
  const entry = { kind: 'page', after: undefined, changes: NO_CHANGES, page } as const
  return carrier.publishPage(lease, cursor, { entry, tip: ledger })
}
