import { share } from '../state/accrual.ts'
import { chainTime } from '../state/clock.ts'
import { totals } from '../state/daemon.ts'
import { count, unit } from '../state/format.ts'
import type { TokenTotals } from '../state/shapes.ts'
import { claimableOf, want } from '../state/streams.ts'
import { tokenAt } from '../state/tokens.ts'
import { Amount } from './parts.tsx'

/** The sums of each token, those with the most active streams first. */

const MOST = 6

export function Money() {
  const tokens = totals.value.toSorted((a, b) => b.active - a.active).slice(0, MOST)
  if (tokens.length === 0) return null
  return (
    <section aria-labelledby="money-title" class="money">
      <h2 id="money-title" class="hidden">
        Money
      </h2>
      {tokens.map((token) => (
        <TokenCard key={token.tokenAddress} token={token} />
      ))}
    </section>
  )
}

function TokenCard({ token }: { token: TokenTotals }) {
  const { tokenAddress, active, paused, streams } = token
  const claimable = claimableOf(tokenAddress, chainTime.value) ?? BigInt(token.claimableAmount)
  const [deposited, withdrawn] = [BigInt(token.depositedAmount), BigInt(token.withdrawnAmount)]
  const name = unit(tokenAt(tokenAddress))
  const sum = (units: string) => <Amount units={units} token={tokenAddress} bare />
  return (
    <article class="panel token">
      <h3>
        <bdi title={tokenAddress}>{name}</bdi>
        <button type="button" class="link" onClick={() => want({ token: tokenAddress })}>
          {count(active)} of {count(streams)} streaming{paused > 0 && `, ${count(paused)} paused`}
        </button>
      </h3>
      <p class="big">{sum(claimable.toString())}</p>
      <p class="faint">claimable now</p>
      <span class="progress active" aria-hidden="true">
        <span class="withdrawn" style={{ width: `${share(withdrawn, deposited) * 100}%` }} />
        <span class="claimable" style={{ width: `${share(claimable, deposited) * 100}%` }} />
      </span>
      <dl class="sums">
        <div>
          <dt>withdrawn</dt>
          <dd>{sum(token.withdrawnAmount)}</dd>
        </div>
        <div>
          <dt>locked</dt>
          <dd>{sum(token.lockedAmount)}</dd>
        </div>
        <div>
          <dt>deposited</dt>
          <dd>{sum(token.depositedAmount)}</dd>
        </div>
      </dl>
    </article>
  )
}
