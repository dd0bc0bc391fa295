import { chainTime } from '../state/clock.ts'
import { claimableAt } from '../state/accrual.ts'
import { date, roughly, time } from '../state/format.ts'
import type { Details } from '../state/one-stream.ts'
import type { Step, Stream, StreamEvent } from '../state/shapes.ts'
import { tokenAt } from '../state/tokens.ts'

/**
 * Deposited, withdrawn and claimable over time. Withdrawn and claimable are stacked, so that together
 * they are what has accrued, and the line above them is what was deposited. The steps of the
 * explanation give the values at events; between two events only the claimable amount moves, by the
 * stream's rate. Only the places of points are rounded: every amount in text is exact.
 */

/** What was true from a moment on. */
interface Moment {
  at: number
  deposited: bigint
  withdrawn: bigint
  claimable: bigint
}

export function Chart({ details }: { details: Details }) {
  const { stream } = details
  const now = chainTime.value
  const moments = momentsOf(details, now)
  const name = `Stream ${stream.streamId} over time`
  const token = tokenAt(stream.tokenAddress)
  const start = moments[0]?.at ?? now
  return (
    <figure class="panel chart" aria-label={name}>
      <ul class="legend" aria-hidden="true">
        <li class="deposited">deposited</li>
        <li class="claimable">claimable</li>
        <li class="withdrawn">withdrawn</li>
      </ul>
      <Plot moments={moments} label={(units) => roughly(units, token)} />
      <figcaption>
        What was deposited, what the recipient could withdraw, and what they have withdrawn, from{' '}
        {date(start)} on. The table “Step by step” has the same amounts.
      </figcaption>
    </figure>
  )
}

/** Two moments for each event, before and after it, and one for now. */
function momentsOf({ stream, steps, events }: Details, now: number): Moment[] {
  const types = new Map(events.map(({ id, type }) => [id, type]))
  const moments: Moment[] = []
  let rate = 0n
  for (const step of steps) {
    if (step.timestamp === null) continue
    const last = moments.at(-1)
    if (last !== undefined) moments.push(grown(last, step.timestamp, rate))
    moments.push(momentOf(step, step.timestamp))
    rate = rateAfter(step, { types, stream, rate })
  }
  const last = moments.at(-1)
  if (last !== undefined && now > last.at) {
    moments.push({ ...last, at: now, claimable: claimableAt(stream, now) })
  }
  return moments
}

function momentOf({ deposited, withdrawn, claimable }: Step, at: number): Moment {
  return {
    at,
    deposited: BigInt(deposited),
    withdrawn: BigInt(withdrawn),
    claimable: BigInt(claimable),
  }
}

function grown(from: Moment, at: number, rate: bigint): Moment {
  const accrued = from.claimable + BigInt(Math.max(0, Math.floor(at - from.at))) * rate
  const left = from.deposited - from.withdrawn
  return { ...from, at, claimable: accrued < left ? accrued : left }
}

interface Course {
  types: ReadonlyMap<string, StreamEvent['type']>
  stream: Stream
  rate: bigint
}

/** What accrues after a step. A type that is not known leaves the rate as it was. */
function rateAfter({ eventId }: Step, { types, stream, rate }: Course): bigint {
  const type = eventId === null ? 'stream.created' : types.get(eventId)
  if (type === 'stream.created' || type === 'stream.resumed') return BigInt(stream.ratePerSecond)
  const isStill = ['stream.paused', 'stream.cancelled', 'stream.completed'].includes(type ?? '')
  return isStill ? 0n : rate
}

const [WIDTH, HEIGHT] = [720, 260]
const MARGIN = { left: 58, right: 12, top: 10, bottom: 26 }
const [INNER_WIDTH, INNER_HEIGHT] = [
  WIDTH - MARGIN.left - MARGIN.right,
  HEIGHT - MARGIN.top - MARGIN.bottom,
]
const PARTS = 4
const FINE = 1_000_000n

interface PlotProps {
  moments: readonly Moment[]
  label: (units: string) => string
}

function Plot({ moments, label }: PlotProps) {
  const [first, last] = [moments[0], moments.at(-1)]
  if (first === undefined || last === undefined)
    return <p class="empty">Nothing has happened yet.</p>
  const most = moments.reduce((max, { deposited }) => (deposited > max ? deposited : max), 1n)
  const width = Math.max(1, last.at - first.at)
  const x = (at: number) => MARGIN.left + ((at - first.at) / width) * INNER_WIDTH
  const y = (units: bigint) =>
    MARGIN.top + INNER_HEIGHT * (1 - Number((units * FINE) / most) / Number(FINE))
  const line = (value: (moment: Moment) => bigint) =>
    moments.map((moment) => `${x(moment.at).toFixed(1)},${y(value(moment)).toFixed(1)}`)
  const withdrawn = line((moment) => moment.withdrawn)
  const accrued = line((moment) => moment.withdrawn + moment.claimable)
  const floor = `${x(last.at).toFixed(1)},${y(0n)} ${x(first.at).toFixed(1)},${y(0n)}`
  const heights = Array.from(
    { length: PARTS + 1 },
    (_, part) => (most * BigInt(part)) / BigInt(PARTS),
  )
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="presentation" aria-hidden="true">
      {heights.map((units) => (
        <g key={String(units)} class="grid">
          <line x1={MARGIN.left} x2={WIDTH - MARGIN.right} y1={y(units)} y2={y(units)} />
          <text x={MARGIN.left - 8} y={y(units) + 4} text-anchor="end">
            {label(String(units))}
          </text>
        </g>
      ))}
      <Times first={first.at} last={last.at} x={x} />
      <polygon
        class="area claimable"
        points={`${accrued.join(' ')} ${withdrawn.toReversed().join(' ')}`}
      />
      <polygon class="area withdrawn" points={`${withdrawn.join(' ')} ${floor}`} />
      <polyline class="line claimable" points={accrued.join(' ')} />
      <polyline class="line withdrawn" points={withdrawn.join(' ')} />
      <polyline class="line deposited" points={line((moment) => moment.deposited).join(' ')} />
      <circle class="head" cx={x(last.at)} cy={y(last.withdrawn + last.claimable)} r="4" />
    </svg>
  )
}

const A_DAY = 86_400

function Times({ first, last, x }: { first: number; last: number; x: (at: number) => number }) {
  const isLong = last - first > A_DAY
  const short = (at: number) =>
    isLong ? new Date(at * 1_000).toLocaleDateString(undefined, { dateStyle: 'short' }) : time(at)
  const times = [first, (first + last) / 2, last].map(Math.floor)
  const anchors = ['start', 'middle', 'end'] as const
  return (
    <g class="grid">
      {times.map((at, index) => (
        <text key={index} x={x(at)} y={HEIGHT - 6} text-anchor={anchors[index] ?? 'middle'}>
          {short(at)}
        </text>
      ))}
    </g>
  )
}
