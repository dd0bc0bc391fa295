import { signal } from '@preact/signals'
import { totals } from '../state/daemon.ts'
import { briefDate, count, unit } from '../state/format.ts'
import { streamLink } from '../state/place.ts'
import { STREAM_STATUSES } from '../state/shapes.ts'
import type { Stream, StreamStatus } from '../state/shapes.ts'
import { isComplete, loadError, shown, want, wanted } from '../state/streams.ts'
import { tokenAt } from '../state/tokens.ts'
import { Address, Claimable, Progress, StatusMark } from './parts.tsx'

const AT_ONCE = 50
const rows = signal(AT_ONCE)

export function Streams() {
  const found = shown.value
  const visible = found.slice(0, rows.value)
  return (
    <section class="panel streams" aria-labelledby="streams-title">
      <header>
        <h2 id="streams-title">Streams</h2>
        <p class="faint" aria-live="polite">
          {count(found.length)} {found.length === 1 ? 'stream' : 'streams'}
          {!isComplete.value && ', the newest; a search finds older ones'}
        </p>
      </header>
      <Filters />
      <div class="scroll" tabIndex={0} role="region" aria-label="Streams, scrollable">
        <table aria-label="Streams">
          <thead>
            <tr>
              <th scope="col">Stream</th>
              <th scope="col" class="parties">
                From and to
              </th>
              <th scope="col" class="bar">
                Progress
              </th>
              <th scope="col" class="right">
                Claimable
              </th>
              <th scope="col" class="right end">
                Runs dry
              </th>
            </tr>
          </thead>
          <tbody>
            {visible.map((stream) => (
              <Row key={stream.streamId} stream={stream} />
            ))}
          </tbody>
        </table>
        {found.length === 0 && <Nothing />}
      </div>
      {found.length > visible.length && (
        <button type="button" class="quiet" onClick={() => (rows.value += AT_ONCE)}>
          Show {Math.min(AT_ONCE, found.length - visible.length)} more
        </button>
      )}
    </section>
  )
}

function Nothing() {
  const { search, status, token } = wanted.value
  if (loadError.value !== undefined)
    return <p class="empty">Streams could not be read: {loadError.value}</p>
  const isFiltered = search !== '' || status !== '' || token !== ''
  return <p class="empty">{isFiltered ? 'No stream matches.' : 'No stream yet.'}</p>
}

function Row({ stream }: { stream: Stream }) {
  return (
    <tr class={stream.status}>
      <th scope="row">
        <a href={streamLink(stream.streamId)} aria-label={`Stream ${stream.streamId}`}>
          #{stream.streamId}
        </a>
        <StatusMark status={stream.status} />
      </th>
      <td class="parties">
        <Address of={stream.sender} /> <span class="faint">to</span>{' '}
        <Address of={stream.recipient} />
      </td>
      <td class="bar">
        <Progress stream={stream} />
      </td>
      <td class="right">
        <Claimable stream={stream} />
      </td>
      <td class="right end faint">{briefDate(stream.endTime)}</td>
    </tr>
  )
}

function changed(change: Parameters<typeof want>[0]): void {
  rows.value = AT_ONCE
  want(change)
}

function Filters() {
  const { search, status, token } = wanted.value
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <label class="field wide">
        <span>Search</span>
        <input
          type="search"
          placeholder="id or address"
          autocomplete="off"
          spellcheck={false}
          value={search}
          onInput={({ currentTarget }) => changed({ search: currentTarget.value })}
        />
      </label>
      <label class="field">
        <span>Status</span>
        <select
          value={status}
          onChange={({ currentTarget }) =>
            changed({ status: currentTarget.value as StreamStatus | '' })
          }
        >
          <option value="">any</option>
          {STREAM_STATUSES.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>Token</span>
        <select
          value={token}
          onChange={({ currentTarget }) => changed({ token: currentTarget.value })}
        >
          <option value="">any</option>
          {totals.value.map(({ tokenAddress }) => (
            <option key={tokenAddress} value={tokenAddress}>
              {unit(tokenAt(tokenAddress))}
            </option>
          ))}
        </select>
      </label>
    </form>
  )
}
