import { status } from '../state/daemon.ts'
import { count } from '../state/format.ts'
import { ticker } from '../state/ticker.ts'
import { EventItem } from './event.tsx'

export function Ticker() {
  const shown = ticker.value
  return (
    <section class="panel events" aria-labelledby="events-title">
      <header>
        <h2 id="events-title">Events</h2>
        <p class="faint">
          {status.value === undefined ? '' : `${count(status.value.counts.events)} in the log`}
        </p>
      </header>
      {/* Focusable, so that the keyboard can scroll it. */}
      <ol role="list" aria-label="Events" tabIndex={0}>
        {shown.map(({ event, isMissed }) => (
          <EventItem key={event.id} event={event} isMissed={isMissed} />
        ))}
      </ol>
      {shown.length === 0 && <p class="empty">No event yet.</p>}
    </section>
  )
}
