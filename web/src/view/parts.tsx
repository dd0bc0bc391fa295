import type { ComponentChildren } from 'preact'
import { chainTime } from '../state/clock.ts'
import { claimableAt, share } from '../state/accrual.ts'
import { addressLink, explorerLink } from '../state/explorer.ts'
import { amount, count, short, unit } from '../state/format.ts'
import type { Stream, StreamStatus } from '../state/shapes.ts'
import { tokenAt } from '../state/tokens.ts'

/** Small things that several views show. */

/** A link to an explorer, or only the text where no explorer shows the network. */
export function Outward({
  href,
  label,
  children,
}: {
  href: string | undefined
  label: string
  children: ComponentChildren
}) {
  if (href === undefined) return <span title={label}>{children}</span>
  return (
    <a class="out" href={href} target="_blank" rel="noreferrer noopener" title={label}>
      {children}
    </a>
  )
}

export function Address({ of, isWhole = false }: { of: string | null; isWhole?: boolean }) {
  if (of === null) return <span class="faint">nobody</span>
  return (
    <Outward href={addressLink(of)} label={of}>
      <span class={isWhole ? 'mono' : 'mono nowrap'}>{isWhole ? of : short(of)}</span>
    </Outward>
  )
}

export function Ledger({ sequence }: { sequence: number }) {
  return (
    <Outward href={explorerLink('ledger', String(sequence))} label={`ledger ${sequence}`}>
      {count(sequence)}
    </Outward>
  )
}

export function Transaction({ hash }: { hash: string | null }) {
  if (hash === null) return <span class="faint">–</span>
  return (
    <Outward href={explorerLink('tx', hash)} label={`transaction ${hash}`}>
      <span class="mono">{hash.slice(0, 8)}</span>
    </Outward>
  )
}

/** An exact amount; the unit is a symbol, or the address of a token that has none. */
export function Amount({
  units,
  token,
  bare = false,
}: {
  units: string
  token: string | undefined
  bare?: boolean
}) {
  if (token === undefined) return <span class="number">{amount(units, { decimals: null })}</span>
  const metadata = tokenAt(token)
  return (
    <span class="amount">
      <span class="number">{amount(units, metadata)}</span>
      {!bare && (
        <bdi class="unit" title={token}>
          {' '}
          {unit(metadata)}
        </bdi>
      )}
    </span>
  )
}

/** What can be withdrawn by the chain's time: it ticks. */
export function Claimable({ stream, bare = false }: { stream: Stream; bare?: boolean }) {
  const units = claimableAt(stream, chainTime.value).toString()
  return <Amount units={units} token={stream.tokenAddress} bare={bare} />
}

export function StatusMark({ status }: { status: StreamStatus }) {
  return <span class={`mark ${status}`}>{status}</span>
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1).replace(/\.0$/, '')} %`
}

/** How much of the deposit was withdrawn, and how much could be. */
export function Progress({ stream }: { stream: Stream }) {
  const deposited = BigInt(stream.depositedAmount)
  const withdrawn = share(BigInt(stream.withdrawnAmount), deposited)
  const claimable = share(claimableAt(stream, chainTime.value), deposited)
  const text = `${percent(withdrawn)} withdrawn, ${percent(claimable)} claimable`
  return (
    <span class={`progress ${stream.status}`} role="img" aria-label={text} title={text}>
      <span class="withdrawn" style={{ width: `${withdrawn * 100}%` }} />
      <span class="claimable" style={{ width: `${claimable * 100}%` }} />
    </span>
  )
}
