import { useSignalEffect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { date } from '../state/format.ts'
import { details, look, refusal } from '../state/one-stream.ts'
import type { Details } from '../state/one-stream.ts'
import { bearer, needsToken } from '../state/api.ts'
import { Chart } from './chart.tsx'
import { EventItem } from './event.tsx'
import { Address, Amount, Claimable, Ledger, Progress, StatusMark, Transaction } from './parts.tsx'

/** One stream: how much, for whom, since when, and why. */

export function StreamView({ id }: { id: string }) {
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    title.current?.focus()
    document.title = `Stream ${id} · FlowFi indexer`
    return () => void (document.title = 'FlowFi indexer')
  }, [id])
  // Again with a token.
  useSignalEffect(() => {
    void bearer.value
    void look(id)
  })
  const found = details.value?.id === id ? details.value : undefined
  return (
    <article class="stream-view">
      <p>
        <a href="#/">← All streams</a>
      </p>
      <h2 ref={title} tabIndex={-1}>
        Stream {id} {found && <StatusMark status={found.stream.status} />}
      </h2>
      {found === undefined ? (
        <p class="panel empty">
          {refusal.value ?? (needsToken.value ? 'A token is needed.' : 'Reading …')}
        </p>
      ) : (
        <Known details={found} />
      )}
    </article>
  )
}

function Known({ details: found }: { details: Details }) {
  const { stream } = found
  return (
    <>
      {refusal.value !== undefined && <p class="notice warning">{refusal.value}</p>}
      <div class="pair">
        <section class="panel now" aria-label="Now">
          <p class="big">
            <Claimable stream={stream} />
          </p>
          <p class="faint">claimable now, by the chain’s time</p>
          <Progress stream={stream} />
          <Facts details={found} />
        </section>
        <Chart details={found} />
      </div>
      <div class="pair wide-left">
        <Steps details={found} />
        <section class="panel events" aria-labelledby="its-events">
          <header>
            <h3 id="its-events">Events</h3>
          </header>
          <ol role="list" aria-label="Events" tabIndex={0}>
            {found.events.map((event) => (
              <EventItem key={event.id} event={event} isAlone />
            ))}
          </ol>
        </section>
      </div>
    </>
  )
}

function Facts({ details: { stream } }: { details: Details }) {
  const { tokenAddress: token } = stream
  const facts = [
    ['From', <Address of={stream.sender} isWhole />],
    ['To', <Address of={stream.recipient} isWhole />],
    ['Token', <Address of={token} isWhole />],
    [
      'Rate',
      <>
        <Amount units={stream.ratePerSecond} token={token} /> a second
      </>,
    ],
    ['Deposited', <Amount units={stream.depositedAmount} token={token} />],
    ['Withdrawn', <Amount units={stream.withdrawnAmount} token={token} />],
    ['Begins', date(stream.startTime)],
    stream.isPaused && stream.isActive
      ? ['Paused', date(stream.pausedAt)]
      : stream.endedAt === null
        ? ['Runs dry', date(stream.endTime)]
        : ['Ended', date(stream.endedAt)],
    ['Known from', stream.origin === 'events' ? 'its events' : 'the contract’s storage'],
  ] as const
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Steps({ details: { stream, steps, isCut } }: { details: Details }) {
  const bare = (units: string) => <Amount units={units} token={stream.tokenAddress} bare />
  return (
    <section class="panel" aria-labelledby="steps-title">
      <header>
        <h3 id="steps-title">Step by step</h3>
        <p class="faint">
          how the balance came to be{isCut && `: the first ${steps.length} steps`}
        </p>
      </header>
      <div class="scroll" tabIndex={0} role="region" aria-label="Step by step, scrollable">
        <table aria-label="Step by step">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">What happened</th>
              <th scope="col" class="right">
                Deposited
              </th>
              <th scope="col" class="right">
                Withdrawn
              </th>
              <th scope="col" class="right">
                Claimable
              </th>
            </tr>
          </thead>
          <tbody>
            {steps.map((step) => (
              <tr key={step.eventId ?? 'chain'}>
                <td class="nowrap">
                  {date(step.timestamp)}
                  <br />
                  <span class="faint">
                    ledger <Ledger sequence={step.ledger} /> · tx{' '}
                    <Transaction hash={step.transactionHash} />
                  </span>
                </td>
                <td>
                  {step.change}
                  <br />
                  <code>{step.formula}</code>
                </td>
                <td class="right">{bare(step.deposited)}</td>
                <td class="right">{bare(step.withdrawn)}</td>
                <td class="right">{bare(step.claimable)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
