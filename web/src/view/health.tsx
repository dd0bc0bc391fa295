import type { ComponentChildren } from 'preact'
import { seconds } from '../state/clock.ts'
import { isStale, ready, stats, status } from '../state/daemon.ts'
import { cleaned, count, date, span } from '../state/format.ts'
import type { Endpoint, Status } from '../state/shapes.ts'
import { Ledger } from './parts.tsx'

/** Whether all is well, at a glance: for the operator. */

type Tone = 'good' | 'warning' | 'bad' | 'plain'

export function Health() {
  const now = status.value
  if (now === undefined) return null
  return (
    <section class={`health${isStale.value ? ' stale' : ''}`} aria-labelledby="health-title">
      <h2 id="health-title" class="hidden">
        Daemon
      </h2>
      <Position of={now} />
      <Lag of={now} />
      <Runway of={now} />
      <Gaps of={now} />
      <Endpoints of={now.endpoints} />
      <Subscriptions />
    </section>
  )
}

interface TileProps {
  title: string
  tone: Tone
  value: ComponentChildren
  children?: ComponentChildren
}

function Tile({ title, tone, value, children }: TileProps) {
  return (
    <article class={`tile ${tone}`}>
      <h3>{title}</h3>
      <p class="value">{value}</p>
      <div class="note">{children}</div>
    </article>
  )
}

function Position({ of: { checkpoint, counts } }: { of: Status }) {
  if (checkpoint === null) return <Tile title="Position" tone="warning" value="no ledger yet" />
  const closedAt = checkpoint.ledgerClosedAt
  return (
    <Tile title="Position" tone="plain" value={<Ledger sequence={checkpoint.ledger} />}>
      {closedAt !== null && `closed ${date(Date.parse(closedAt) / 1_000)}, `}
      {count(counts.events)} events
      {counts.unrecognised > 0 && `, ${count(counts.unrecognised)} unrecognised`}
    </Tile>
  )
}

function Lag({ of: { lagLedgers, lagSeconds } }: { of: Status }) {
  const isBehind = ready.value?.reasons.some((reason) => reason.includes('behind')) === true
  if (lagLedgers === null) return <Tile title="Lag" tone="warning" value="unknown" />
  return (
    <Tile
      title="Lag"
      tone={isBehind ? 'bad' : 'good'}
      value={`${count(lagLedgers)} ${lagLedgers === 1 ? 'ledger' : 'ledgers'}`}
    >
      {lagLedgers === 0 ? 'at the tip' : lagSeconds !== null && `${span(lagSeconds)} after the tip`}
    </Tile>
  )
}

/** Less than a day leaves no time for a person to act. */
const SHORT_RUNWAY_HOURS = 24

function Runway({ of: { runway, lagLedgers } }: { of: Status }) {
  if (runway === null) return <Tile title="Runway" tone="plain" value="unknown" />
  const { hours, ledgers } = runway
  // At the tip nothing can be lost, however little the RPC keeps.
  const isShort = hours !== null && hours < SHORT_RUNWAY_HOURS && (lagLedgers ?? 1) > 0
  return (
    <Tile
      title="Runway"
      tone={isShort ? 'warning' : 'good'}
      value={hours === null ? `${count(ledgers)} ledgers` : span(hours * 3_600)}
    >
      {count(ledgers)} ledgers until the RPC forgets our position
    </Tile>
  )
}

const GAPS = 5

function Gaps({ of: { gaps } }: { of: Status }) {
  const open = gaps.filter(({ repaired }) => !repaired)
  const filled = gaps.length - open.length
  return (
    <Tile
      title="Gaps"
      tone={open.length > 0 ? 'bad' : 'good'}
      value={open.length === 0 ? 'none' : count(open.length)}
    >
      {open.length > 0 && (
        <ul>
          {open.slice(0, GAPS).map(({ from, to, reason }) => (
            <li key={from}>
              {count(from)} to {count(to)}: {reason}
            </li>
          ))}
        </ul>
      )}
      {filled > 0 ? `${count(filled)} filled` : open.length === 0 && 'every ledger was read'}
    </Tile>
  )
}

const WORDS: Record<Endpoint['state'], string> = {
  starting: 'starting',
  ok: 'ok',
  failing: 'failing',
  set_aside: 'set aside',
}

function Endpoints({ of: endpoints }: { of: readonly Endpoint[] }) {
  const well = endpoints.filter(({ state }) => state === 'ok').length
  const tone = well === endpoints.length ? 'good' : well > 0 ? 'warning' : 'bad'
  if (endpoints.length === 0) return <Tile title="RPC" tone="plain" value="none in this process" />
  return (
    <Tile title="RPC" tone={tone} value={`${well} of ${endpoints.length} ok`}>
      <ul class="endpoints">
        {endpoints.map((endpoint) => (
          <li key={endpoint.url}>
            <span class={`lamp ${endpoint.state}`} aria-hidden="true" />
            <bdi>{hostOf(endpoint.url)}</bdi>{' '}
            <span class="faint">
              {WORDS[endpoint.state]}
              {endpoint.state !== 'ok' &&
                endpoint.lastError !== null &&
                `: ${cleaned(endpoint.lastError)}`}
            </span>
          </li>
        ))}
      </ul>
    </Tile>
  )
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : cleaned(url)
}

function Subscriptions() {
  // Asked for again and again; the time below proves that it is.
  void seconds.value
  const now = stats.value
  if (now === undefined) return <Tile title="Subscriptions" tone="plain" value="–" />
  const isFull = now.activeConnections >= now.maxConnections
  return (
    <Tile
      title="Subscriptions"
      tone={isFull ? 'warning' : 'good'}
      value={count(now.activeConnections)}
    >
      {count(now.live)} live, {count(now.replaying)} replaying, {count(now.stalled)} stalled, of{' '}
      {count(now.maxConnections)}
    </Tile>
  )
}
