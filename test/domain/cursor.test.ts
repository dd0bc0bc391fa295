import { test as property, fc } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import {
  completeThrough,
  endOfLedger,
  isEndOfLedger,
  ledgerOf,
  MAX_LEDGER,
  parseCursor,
} from '../../src/domain/cursor.ts'

interface Place {
  ledger: number
  transaction: number
  operation: number
  event: number
}

const place = fc.record({
  ledger: fc.integer({ min: 0, max: MAX_LEDGER }),
  transaction: fc.integer({ min: 0, max: 1048575 }),
  operation: fc.integer({ min: 0, max: 4095 }),
  event: fc.integer({ min: 0, max: 4294967295 }),
})

function cursorAt({ ledger, transaction, operation, event }: Place): string {
  const toid = (BigInt(ledger) << 32n) | (BigInt(transaction) << 12n) | BigInt(operation)
  return `${toid.toString().padStart(19, '0')}-${event.toString().padStart(10, '0')}`
}

function compareChain(a: Place, b: Place): number {
  return (
    a.ledger - b.ledger ||
    a.transaction - b.transaction ||
    a.operation - b.operation ||
    a.event - b.event
  )
}

describe('cursors', () => {
  property.prop([place, place])(
    'P1: the text order of cursors is the order of the chain',
    (a, b) => {
      const [left, right] = [cursorAt(a), cursorAt(b)]
      const asText = left < right ? -1 : left > right ? 1 : 0
      expect(asText).toBe(Math.sign(compareChain(a, b)))
    },
  )

  property.prop([place])('P1: a cursor is accepted as it is, and has a ledger', (at) => {
    expect(parseCursor(cursorAt(at))).toBe(cursorAt(at))
    expect(ledgerOf(cursorAt(at))).toBe(at.ledger)
  })

  property.prop([fc.string()])('text in any other form is not a cursor', (text) => {
    expect(parseCursor(text)).toBeUndefined()
  })

  test.each([
    ['no padding', '6442459533967360-2'],
    ['a space before', ' 0006442459533967360-0000000002'],
    ['a line break after', '0006442459533967360-0000000002\n'],
    ['a ledger beyond 31 bits', '9223372036854775808-0000000000'],
    ['an event index beyond 32 bits', '0006442459533967360-4294967296'],
    ['other digits', '٠006442459533967360-0000000002'],
  ])('text with %s is not a cursor', (_, text) => {
    expect(parseCursor(text)).toBeUndefined()
  })
})

describe('the end of a window', () => {
  property.prop([fc.integer({ min: 1, max: MAX_LEDGER - 1 }), place])(
    'the end of a window is after everything in its ledger and before everything in the next',
    (ledger, at) => {
      const inside = cursorAt({ ...at, ledger, transaction: at.transaction % 1048575 })
      expect(endOfLedger(ledger) >= inside).toBe(true)
      expect(endOfLedger(ledger) < cursorAt({ ...at, ledger: ledger + 1 })).toBe(true)
      expect(completeThrough(endOfLedger(ledger))).toBe(ledger)
    },
  )

  test('the end of a window is the one that a real server answered', () => {
    expect(endOfLedger(589890)).toBe('0002533562553204735-4294967295')
  })

  test('the end of a window is also recognised in the form of v22.0 to v22.1.1', () => {
    const old = cursorAt({ ledger: 7, transaction: 1048575, operation: 0, event: 4294967294 })
    expect(isEndOfLedger(old)).toBe(true)
    expect(completeThrough(old)).toBe(7)
  })

  test('a refund after all transactions is not the end of a window', () => {
    const refund = cursorAt({ ledger: 7, transaction: 1048575, operation: 0, event: 3 })
    expect(isEndOfLedger(refund)).toBe(false)
    expect(completeThrough(refund)).toBe(6)
  })
})
