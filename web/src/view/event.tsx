import { useComputed } from '@preact/signals'
import type { ComponentChildren, VNode } from 'preact'
import { cleaned, short, time } from '../state/format.ts'
import type { StreamEvent } from '../state/shapes.ts'
import { streamLink } from '../state/place.ts'
import { knownStream } from '../state/streams.ts'
import { Address, Amount, Ledger, Transaction } from './parts.tsx'

/** One event in words. Everything in it is somebody's text: it is only ever put in as text. */

type Fields = Readonly<Record<string, unknown>>

const LONGEST = 160

function text(value: unknown): string {
  const whole = typeof value === 'string' ? cleaned(value) : ''
  return whole.length > LONGEST ? `${whole.slice(0, LONGEST)}…` : whole
}

const VERBS: Record<string, string> = {
  'stream.created': 'opened',
  'stream.topped_up': 'topped up',
  'stream.withdrawn': 'withdrawn',
  'stream.cancelled': 'cancelled',
  'stream.completed': 'completed',
  'stream.paused': 'paused',
  'stream.resumed': 'resumed',
  'stream.fee_collected': 'fee',
  'protocol.initialized': 'initialized',
  'protocol.fee_config_updated': 'fee changed',
  'protocol.admin_transferred': 'new administrator',
  unrecognised: 'unrecognised',
}

export function verb(type: string): string {
  return VERBS[type] ?? text(type)
}

export interface EventProps {
  event: StreamEvent
  /** It came while the line was down, and was sent again after. */
  isMissed?: boolean
  /** On the page of one stream its number says nothing new. */
  isAlone?: boolean
}

export function EventItem({ event, isMissed = false, isAlone = false }: EventProps) {
  const { streamId, type } = event
  // An event of a stream names no token; the stream does, when it is known.
  const token = useComputed(
    () =>
      ownToken(event) ?? (streamId === undefined ? undefined : knownStream(streamId)?.tokenAddress),
  ).value
  return (
    <li
      class={`event ${type.replaceAll(/[^a-z]/g, '-')}${isMissed ? ' missed' : ''}`}
      data-event-id={event.id}
    >
      <span class="dot" aria-hidden="true" />
      <span class="what">
        <strong>{verb(type)}</strong>
        {streamId !== undefined && !isAlone && (
          <>
            {' '}
            <a href={streamLink(streamId)} aria-label={`stream ${streamId}`}>
              #{streamId}
            </a>
          </>
        )}
        {isMissed && <span class="tag">was missed</span>}
      </span>
      <span class="how">{sentence(event, token)}</span>
      <span class="where">
        <time dateTime={isoTime(event.timestamp)}>{time(event.timestamp)}</time>
        {' · ledger '}
        <Ledger sequence={event.ledger} />
        {' · tx '}
        <Transaction hash={event.transactionHash} />
      </span>
    </li>
  )
}

function isoTime(seconds: number): string {
  const at = new Date(seconds * 1_000)
  return Number.isNaN(at.getTime()) ? '' : at.toISOString()
}

function ownToken(event: StreamEvent): string | undefined {
  const fields = event as unknown as Fields
  return text(fields['tokenAddress'] ?? fields['token']) || undefined
}

function sentence(event: StreamEvent, token: string | undefined): ComponentChildren {
  const fields = event as unknown as Fields
  const of = (name: string): VNode => <Amount units={units(fields[name])} token={token} />
  switch (event.type) {
    case 'stream.created':
      return (
        <>
          {of('depositedAmount')} from <Address of={event.sender} /> to{' '}
          <Address of={event.recipient} />
        </>
      )
    case 'stream.topped_up':
      return (
        <>
          by {of('amount')} to {of('newDepositedAmount')}
        </>
      )
    case 'stream.withdrawn':
      return (
        <>
          {of('amount')} by <Address of={event.recipient} />
        </>
      )
    case 'stream.cancelled':
      return (
        <>
          {of('amountWithdrawn')} paid, {of('refundedAmount')} refunded
        </>
      )
    case 'stream.completed':
      return <>{of('totalWithdrawn')} paid in all</>
    case 'stream.fee_collected':
      return (
        <>
          {of('feeAmount')} to <Address of={text(fields['treasury'])} />
        </>
      )
    case 'stream.paused':
    case 'stream.resumed':
      return (
        <>
          by <Address of={event.sender} />
        </>
      )
    default:
      return others(event.type, fields)
  }
}

function others(type: string, fields: Fields): ComponentChildren {
  switch (type) {
    case 'protocol.initialized':
      return <>with a fee of {feeRate(fields['feeRateBps'])}</>
    case 'protocol.fee_config_updated':
      return (
        <>
          from {feeRate(fields['oldFeeRateBps'])} to {feeRate(fields['newFeeRateBps'])}
        </>
      )
    case 'protocol.admin_transferred':
      return <span class="mono">{short(text(fields['newAdmin']))}</span>
    default:
      return <bdi>{text(fields['reason']) || text(type)}</bdi>
  }
}

function units(value: unknown): string {
  return typeof value === 'string' && /^-?\d+$/.test(value) ? value : '0'
}

/** Hundredths of a percent as percent. */
function feeRate(value: unknown): string {
  return typeof value === 'number' ? `${value / 100} %` : '?'
}
