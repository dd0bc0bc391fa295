import { median, percentile } from '../table.ts'
import type { Figure } from '../table.ts'
import type { Bare, RedisAccount } from './bare-redis.ts'

/** CPU in microseconds, of each node and of Redis. */
export interface Usage {
  milliseconds: number
  nodes: number[]
  redis: RedisAccount
  /** Bytes that Redis has more than before. */
  stored: number
}

export interface Measured {
  /** How many nodes; 0 for one without Redis. */
  count: number
  ledgers: number
  idle: Usage
  /** Rounds of ledgers with many events, and of ledgers with one. */
  large: Usage[]
  small: Usage[]
  /** As a large round, with subscriptions at every node. */
  delivered: Usage
  lags: number[]
}

export interface Plan extends Bare {
  events: number
  subscriptions: number
}

type Of = (usage: Usage) => number

const leaderOf: Of = ({ nodes }) => nodes[0] ?? 0
const followerOf: Of = ({ nodes }) =>
  nodes.slice(1).reduce((sum, cpu) => sum + cpu, 0) / (nodes.length - 1)
const redisOf: Of = ({ redis }) => redis.cpu
const storedOf: Of = ({ stored }) => stored

export function rowsOf(all: readonly Measured[], plan: Plan): Figure[] {
  const several = all.filter(({ count }) => count > 1)
  return [
    ...nodeRows(all, plan),
    ...redisRows(all, plan),
    ...several.flatMap((each) => late(each, plan)),
  ]
}

/** One row for each figure: the leader and an average follower for each number of nodes. */
function nodeRows(all: readonly Measured[], plan: Plan): Figure[] {
  const together = all.filter(({ count }) => count > 0)
  const alone = all.find(({ count }) => count === 0)
  const sized = together.map(({ count }) =>
    count === 1 ? 'one' : `${count}, a follower of ${count}`,
  )
  const line = (what: string, figure: (measured: Measured, of: Of) => string): Figure => {
    const values = together.map((measured) =>
      [leaderOf, ...(measured.count > 1 ? [followerOf] : [])].map((of) => figure(measured, of)),
    )
    const floor = alone === undefined ? '' : `${figure(alone, leaderOf)} (without Redis)`
    return row(`${what}: leader of ${sized.join('; of ')}`, {
      value: values.map((each) => each.join(', ')).join('; '),
      floor,
    })
  }
  return [
    line('CPU of an event, µs', (each, of) => costOf(each, plan, of).event.toFixed(0)),
    line('CPU of a ledger, µs', (each, of) => costOf(each, plan, of).ledger.toFixed(0)),
    line('CPU of a delivery, µs', (each, of) => deliveryOf(each, plan, of).toFixed(2)),
    line('CPU between ledgers, % of a core', ({ idle }, of) => share(idle, of).toFixed(1)),
  ]
}

function redisRows(all: readonly Measured[], plan: Plan): Figure[] {
  const together = all.filter(({ count }) => count > 0)
  const counts = together.map(({ count }) => count).join(', ')
  const line = (what: string, figure: (measured: Measured) => string): Figure =>
    row(`Redis: ${what}, ${counts} nodes`, { value: together.map(figure).join('; ') })
  const toFollower = ({ large, ledgers, count }: Measured) =>
    count === 1
      ? 0
      : median(large.map(({ redis }) => redis.sent)) / ledgers / plan.events / (count - 1)
  return [
    line('CPU of an event, µs', (each) => costOf(each, plan, redisOf).event.toFixed(1)),
    line('CPU of a ledger, µs', (each) => costOf(each, plan, redisOf).ledger.toFixed(0)),
    line('bytes kept of an event', (each) => costOf(each, plan, storedOf).event.toFixed(0)),
    line('bytes kept of a ledger', (each) => costOf(each, plan, storedOf).ledger.toFixed(0)),
    line(`bytes sent to a follower for an event, ${plan.events} a ledger`, (each) =>
      toFollower(each).toFixed(0),
    ),
    line('CPU between ledgers, % of a core', ({ idle }) => share(idle, redisOf).toFixed(1)),
    line('commands a second between ledgers', ({ idle }) =>
      ((idle.redis.commands * 1_000) / idle.milliseconds).toFixed(0),
    ),
  ]
}

/** How much later than the leader's client the clients of followers have an event. */
function late({ count, lags }: Measured, { bareMedian, bareLate }: Plan): Figure[] {
  const line = (name: string, value: number, bare: number, target: string) =>
    row(`leader's client to a follower's, ${count} nodes, ${name}, ms`, {
      value: value.toFixed(1),
      floor: `${bare.toFixed(1)} (XADD to a waiting XREAD)`,
      ratio: (value / bare).toFixed(1),
      target,
    })
  return [
    line('median', median(lags), bareMedian, ''),
    line('p99', percentile(lags, 0.99), bareLate, '≤ 50'),
  ]
}

/** A ledger with one event costs `ledger + event`, one with many `ledger + events × event`. */
function costOf(measured: Measured, { events }: Plan, of: Of) {
  const { large, small, ledgers } = measured
  const busy = busyOf(measured, of)
  const one = median(small.map(busy)) / ledgers
  const event = (median(large.map(busy)) / ledgers - one) / (events - 1)
  return { event, ledger: one - event }
}

function deliveryOf(measured: Measured, { events, subscriptions }: Plan, of: Of): number {
  const { large, delivered, ledgers } = measured
  const busy = busyOf(measured, of)
  return (busy(delivered) - median(large.map(busy))) / ledgers / events / subscriptions
}

/**
 * Without what it does between ledgers. A leader's polls between ledgers are part of what a ledger
 * costs.
 */
function busyOf({ idle }: Measured, of: Of): Of {
  const rate = of === followerOf || of === redisOf ? of(idle) / idle.milliseconds : 0
  return (usage) => of(usage) - rate * usage.milliseconds
}

function share(idle: Usage, of: Of): number {
  return of(idle) / (idle.milliseconds * 10)
}

function row(name: string, rest: Partial<Figure>): Figure {
  return { name, value: '', floor: '', ratio: '', target: '', ...rest }
}
