import { seconds } from '../state/clock.ts'
import { silentSince } from '../state/daemon.ts'
import { count, span } from '../state/format.ts'
import {
  cut,
  isCut,
  lastEventAt,
  mend,
  position,
  reconnectNow,
  resumed,
  trouble,
  word,
} from '../state/line.ts'
import { isOnline } from '../state/place.ts'

/** The line to the daemon, and what happened to it. */

export function Connection() {
  const now = word.value
  return (
    <div class="connection">
      <span class={`pill ${now.replace(' ', '-')}`}>
        <span class="lamp" aria-hidden="true" />
        <span role="status" aria-label="Connection">
          {now}
        </span>
      </span>
      <button
        type="button"
        class="cut"
        aria-describedby="line-note"
        onClick={isCut.value ? mend : cut}
      >
        {isCut.value ? 'Mend the line' : 'Cut the line'}
      </button>
    </div>
  )
}

/** A sentence about the line. */
export function LineNote() {
  return (
    <p class="line-note faint" id="line-note">
      <span>{sentence()}</span>
      {position.value !== undefined && (
        <span class="position">
          position <code>{position.value}</code>
        </span>
      )}
    </p>
  )
}

function sentence(): string {
  if (isCut.value) return 'You have cut the line. Mend it, and everything you miss comes in order.'
  switch (word.value) {
    case 'live':
    case 'behind':
      return afterwards()
    case 'catching up':
      return resumed.value?.isOver === false
        ? `Replaying what was missed: ${count(resumed.value.missed)} so far.`
        : 'Reading what has happened.'
    case 'reconnecting':
      return nextAttempt()
    case 'offline':
      return isOnline.value ? 'There is no line.' : 'This browser has no network.'
  }
}

function afterwards(): string {
  const over = resumed.value
  if (over !== undefined && over.isOver) {
    return over.missed === 0
      ? 'The line was down and was resumed. Nothing was missed.'
      : `The line was down. ${events(over.missed)} came since and ${over.missed === 1 ? 'was' : 'were'} delivered, in order.`
  }
  const last = lastEventAt.value
  void seconds.value
  return last === undefined
    ? 'Events appear as they happen.'
    : `Last event ${span((Date.now() - last) / 1_000)} ago.`
}

function events(many: number): string {
  return `${count(many)} ${many === 1 ? 'event' : 'events'}`
}

const REASONS: Record<string, string> = {
  unreachable: 'The daemon does not answer.',
  offline: 'This browser has no network.',
  unavailable: 'The daemon is too busy.',
  unauthorized: 'The token is not valid any more.',
  cut: 'The connection broke.',
  silent: 'Nothing came for too long.',
  unreadable: 'Something damaged the connection.',
  shutdown: 'The daemon is restarting.',
  max_age: 'The daemon asked for a new connection.',
  token_expired: 'The token has expired.',
  closed: 'An operator closed the connection.',
}

function nextAttempt(): string {
  const { reason, nextAttemptAt } = trouble.value
  void seconds.value
  const why =
    REASONS[reason ?? ''] ?? (silentSince.value === undefined ? '' : REASONS['unreachable']!)
  if (nextAttemptAt === undefined) return `${why} Trying again.`
  const left = (nextAttemptAt - Date.now()) / 1_000
  return left < 1 ? `${why} Trying again.` : `${why} Next attempt in ${span(left)}.`
}

export function TryNow() {
  if (word.value !== 'reconnecting') return null
  return (
    <button type="button" class="link" onClick={reconnectNow}>
      Try now
    </button>
  )
}
