import { status } from './state/daemon.ts'
import { networkName } from './state/explorer.ts'
import { place } from './state/place.ts'
import { Connection, LineNote, TryNow } from './view/connection.tsx'
import { Health } from './view/health.tsx'
import { Money } from './view/money.tsx'
import { Notices } from './view/notices.tsx'
import { Address } from './view/parts.tsx'
import { StreamView } from './view/stream.tsx'
import { Streams } from './view/streams.tsx'
import { Ticker } from './view/ticker.tsx'

/**
 * The page of a daemon: is all well, where is the money, what is happening.
 *
 * - `state/` what the daemon says, as signals: `line.ts` its feed, `daemon.ts` itself, `streams.ts`
 *   its streams, `one-stream.ts` one of them, `ticker.ts` the newest events, `tokens.ts` names of
 *   tokens, `clock.ts` the chain's time
 * - `view/` how it looks; a view reads signals and keeps nothing that matters
 */
export function App() {
  const now = place.value
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <Header />
      <main id="main" tabIndex={-1}>
        <div class="line">
          <LineNote />
          <TryNow />
        </div>
        <Notices />
        {now.at === 'stream' ? (
          <StreamView key={now.id} id={now.id} />
        ) : (
          <>
            <Health />
            <Money />
            <div class="columns">
              <Streams />
              <Ticker />
            </div>
          </>
        )}
      </main>
      <footer>
        <a href="docs">API</a>
        <a href="status">Status</a>
        <a href="metrics">Metrics</a>
        <span class="faint">flowfi-indexer {status.value?.version}</span>
      </footer>
    </>
  )
}

/** The hash names the place, so this link must not change it. */
function skip(event: Event): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

function Header() {
  const now = status.value
  return (
    <header class="top">
      <h1>
        <a href="#/" aria-label="FlowFi indexer, all streams">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <path d="M4 11c5-6 8-6 12 0s7 6 12 0M4 21c5-6 8-6 12 0s7 6 12 0" />
          </svg>
          FlowFi <span>indexer</span>
        </a>
      </h1>
      {now !== undefined && (
        <p class="contract">
          <span class="badge">
            <bdi>{networkName(now.network)}</bdi>
          </span>
          <span class="faint">contract</span> <Address of={now.contractId} />
        </p>
      )}
      <Connection />
    </header>
  )
}
