/** With `agreement: 2`, a page counts only when two endpoints return the same events. */
import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { completeThrough, endOfLedger } from '../../src/domain/cursor.ts'
import type { LedgerPage, LedgerSource, PageStart } from '../../src/source/source.ts'
import { rawEvents } from '../support/recordings.ts'
import {
  all,
  always,
  firstSteps,
  heldUp,
  LONG,
  never,
  pagesBy,
  reset,
  setUp,
  statusOf,
} from '../support/failover.ts'
import type { NodeOptions } from '../support/failover.ts'

const { firstLedger } = firstSteps.header
const last = firstSteps.ledgers.at(-1)!.sequence
const events = firstSteps.ledgers.flatMap((ledger) => rawEvents(firstSteps, ledger))
const two = { agreement: 2 } as const

/** A node whose pages are changed on the way. */
function through(change: (page: LedgerPage) => LedgerPage): NodeOptions {
  return {
    through: (direct) => ({
      ...direct,
      page: async (start, limit, signal) => change(await direct.page(start, limit, signal)),
    }),
  }
}

/** A node that leaves out the fourth event while `lies` is true. */
function liar(lies: () => boolean = () => true): NodeOptions {
  return through((page) => ({
    ...page,
    events: page.events.filter(({ id }) => !lies() || id !== events[3]!.id),
  }))
}

function limited(limit: number): NodeOptions {
  return {
    through: (direct): LedgerSource => ({
      ...direct,
      page: (start, asked, signal) => direct.page(start, Math.min(asked, limit), signal),
    }),
  }
}

async function walk(source: LedgerSource, limit: number): Promise<LedgerPage[]> {
  const pages: LedgerPage[] = []
  for (let start: PageStart = all; ; start = { after: pages.at(-1)!.cursor }) {
    const page = await source.page(start, limit, never)
    pages.push(page)
    if (!page.full && completeThrough(page.cursor) >= page.tip.ledger) return pages
  }
}

describe('agreement', () => {
  test('two endpoints that agree make a page, and a third is not asked', async () => {
    const failover = await setUp([{}, {}, {}], two)
    expect(await failover.source.page(all, 100, never)).toMatchObject({
      events,
      cursor: endOfLedger(last),
      full: false,
      tip: { ledger: last },
    })
    expect(pagesBy(failover)).toEqual({ a: 1, b: 1, c: 0 })
    expect(failover.source.counters()).toMatchObject({ failovers: 0, disagreements: 0 })
  })

  test('a page ends where the endpoint that lags ends, and has its tip', async () => {
    const { source, nodes } = await setUp([{}, { speed: 0, closed: 10 }], two)
    const page = await source.page(all, 100, never)
    const reached = firstLedger + 9
    expect(page).toMatchObject({
      events: events.filter(({ ledger }) => ledger <= reached),
      cursor: endOfLedger(reached),
      full: false,
      tip: { ledger: reached },
    })
    nodes[1]!.closeNext(100)
    const rest = await source.page({ after: page.cursor }, 100, never)
    expect([...page.events, ...rest.events]).toEqual(events)
  })

  test('a page is as long as the shorter one, and is marked as full', async () => {
    const { source } = await setUp([{}, limited(5)], two)
    expect(await source.page(all, 100, never)).toMatchObject({
      events: events.slice(0, 5),
      cursor: events[4]!.id,
      full: true,
      tip: { ledger: last },
    })
  })

  property.prop([fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 })], {
    numRuns: 10,
  })('the pages leave nothing out, wherever each endpoint cuts them', async (one, other) => {
    const { source } = await setUp([limited(one), limited(other)], two)
    const pages = await walk(source, 100)
    expect(pages.flatMap((page) => page.events)).toEqual(events)
  })

  test('an endpoint that fails is replaced by the third', async () => {
    const failover = await setUp([{ faults: always(reset) }, {}, {}], two)
    expect((await failover.source.page(all, 100, never)).events).toEqual(events)
    expect(pagesBy(failover)).toEqual({ a: 0, b: 1, c: 1 })
  })

  test('a page does not wait for a slow third endpoint', async () => {
    const slow = heldUp('page')
    const failover = await setUp([{ through: slow.through }, {}, {}], two)
    const asked = failover.source.page(all, 100, never)
    await slow.reached()
    await expect.poll(() => pagesBy(failover)['b'], LONG).toBe(1)
    failover.clock.advance(2)
    await asked
    expect(pagesBy(failover)).toEqual({ a: 0, b: 1, c: 1 })
    expect(failover.source.counters().endpoints[0]).toMatchObject({ overtaken: 1 })
  })
})

describe('disagreement', () => {
  const [held, offered] = [events[3]!.id, events[4]!.id]

  test('P5: a disagreement holds the page, shows both endpoints and costs one log line', async () => {
    let lies = true
    const failover = await setUp([{}, liar(() => lies)], two)
    for (let i = 0; i < 3; i += 1) {
      await expect(failover.source.page(all, 100, never)).rejects.toMatchObject({
        name: 'SourceError',
        fault: 'unknown',
      })
    }
    for (const name of ['a', 'b']) {
      const { state, lastError } = statusOf(failover, name)
      expect(state).toBe('failing')
      expect(lastError).toContain(`from ledger ${firstLedger}`)
      for (const side of [/\ba has \S+/, /\bb has \S+/]) expect(lastError).toMatch(side)
      for (const id of [held, offered]) expect(lastError).toContain(id)
    }
    const errors = () => failover.lines.filter(({ level }) => level >= 50)
    expect(errors()).toMatchObject([{ msg: 'RPCs disagree: indexing waits' }])
    expect(failover.source.counters().disagreements).toBe(3)
    lies = false
    expect((await failover.source.page(all, 100, never)).events).toEqual(events)
    expect(statusOf(failover, 'b').state).toBe('ok')
    lies = true
    await expect(failover.source.page(all, 100, never)).rejects.toThrow(/disagree/)
    expect(errors()).toHaveLength(2)
  })

  test('two endpoints agree on a page that ends before their difference', async () => {
    const { source } = await setUp([{}, liar()], two)
    expect((await source.page(all, 3, never)).events).toEqual(events.slice(0, 3))
    await expect(source.page({ after: events[2]!.id }, 3, never)).rejects.toThrow(/disagree/)
  })

  test('a missing event is a disagreement', async () => {
    const failover = await setUp([{}, through((page) => ({ ...page, events: [] }))], two)
    await expect(failover.source.page(all, 100, never)).rejects.toThrow(
      `a has ${events[0]!.id}, b has no event`,
    )
  })

  test.each(['value', 'transactionHash'] as const)(
    'another %s under the same id is a disagreement',
    async (field) => {
      const forging = through((page) => ({
        ...page,
        events: page.events.map((event) => ({ ...event, [field]: 'AAAAAQ==' })),
      }))
      const { source } = await setUp([forging, {}], two)
      await expect(source.page(all, 100, never)).rejects.toThrow(/disagree/)
    },
  )

  test('an endpoint that two others contradict loses its place', async () => {
    const failover = await setUp([liar(), {}, {}], two)
    expect((await failover.source.page(all, 100, never)).events).toEqual(events)
    expect(statusOf(failover, 'a')).toMatchObject({ state: 'failing' })
    expect(statusOf(failover, 'a').lastError).toContain(
      `disagrees with two others: ${offered} where others have ${held}`,
    )
    expect(statusOf(failover, 'b')).toMatchObject({ state: 'ok', lastError: null })
    await failover.source.page(all, 100, never)
    expect(pagesBy(failover)).toEqual({ a: 1, b: 2, c: 2 })
    expect(failover.source.counters().disagreements).toBe(1)
  })
})

describe('too few endpoints', () => {
  test('one endpoint makes no page while the other is away', async () => {
    const { source, nodes } = await setUp([{}, {}], two)
    await source.page(all, 100, never)
    await nodes[1]!.close()
    const alone = source.page(all, 100, never)
    await expect(alone).rejects.toMatchObject({ fault: 'unreachable' })
    await expect(alone).rejects.toThrow(/only a answered of the two needed; b: unreachable/)
  })

  test('P3: ledgers that only one endpoint still has are neither lost nor in a page', async () => {
    const { source, nodes } = await setUp([{}, {}], two)
    const start = { after: endOfLedger(firstLedger + 1) }
    nodes[1]!.forgetBefore(firstLedger + 5)
    await expect(source.page(start, 100, never)).rejects.toMatchObject({ fault: 'unknown' })
    nodes[0]!.forgetBefore(firstLedger + 6)
    await expect(source.page(start, 100, never)).rejects.toMatchObject({
      fault: 'outside_retention',
      range: { oldest: firstLedger + 5 },
    })
  })
})
