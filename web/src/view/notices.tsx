import { useSignal } from '@preact/signals'
import { needsToken, useToken } from '../state/api.ts'
import { seconds } from '../state/clock.ts'
import { ready, silentSince, status } from '../state/daemon.ts'
import { cleaned, span } from '../state/format.ts'
import { announcement, reset } from '../state/line.ts'
import { isOnline } from '../state/place.ts'

/** What a visitor must know before they believe the numbers. */

const RESETS = {
  expired: 'The position was older than what the daemon keeps.',
  ahead: 'The daemon has not got as far as the position.',
  gap: 'Ledgers were missing, or were filled or corrected.',
}

export function Notices() {
  return (
    <div class="notices">
      <Gone />
      <Behind />
      {reset.value !== undefined && (
        <p class="notice">
          {RESETS[reset.value.reason]} Everything was read again.{' '}
          <button type="button" class="link" onClick={() => (reset.value = undefined)}>
            Close
          </button>
        </p>
      )}
      {announcement.value !== undefined && (
        <p class={`notice ${announcement.value.level === 'warning' ? 'warning' : ''}`} role="alert">
          <strong>From the operator:</strong> <bdi>{cleaned(announcement.value.message)}</bdi>{' '}
          <button type="button" class="link" onClick={() => (announcement.value = undefined)}>
            Close
          </button>
        </p>
      )}
      {needsToken.value && <TokenForm />}
    </div>
  )
}

function Gone() {
  const since = silentSince.value
  if (!isOnline.value) {
    return <p class="notice bad">This browser is offline. Numbers are those of the last answer.</p>
  }
  if (since === undefined) return null
  return (
    <p class="notice bad">
      The daemon has not answered for {span(seconds.value - since)}.
      {status.value !== undefined && ' Numbers are those of its last answer.'}
    </p>
  )
}

function Behind() {
  const now = ready.value
  if (now === undefined || now.ready || silentSince.value !== undefined) return null
  const alarm = status.value?.alarm
  return (
    <div class="notice warning">
      <strong>Not everything is here.</strong> Numbers are those of ledger{' '}
      {status.value?.checkpoint?.ledger ?? '–'}.
      <ul>
        {now.reasons.map((reason) => (
          <li key={reason}>{cleaned(reason)}</li>
        ))}
        {alarm !== undefined && alarm !== null && !now.reasons.includes(alarm) && (
          <li>{cleaned(alarm)}</li>
        )}
      </ul>
    </div>
  )
}

function TokenForm() {
  const text = useSignal('')
  return (
    <form
      class="notice token-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (text.value.trim() !== '') useToken(text.value.trim())
      }}
    >
      <label class="field wide">
        <span>
          This daemon shows streams to those who have a token. It is kept for this tab only.
        </span>
        <input
          type="password"
          autocomplete="off"
          placeholder="token"
          value={text.value}
          onInput={({ currentTarget }) => (text.value = currentTarget.value)}
        />
      </label>
      <button type="submit">Use it</button>
    </form>
  )
}
