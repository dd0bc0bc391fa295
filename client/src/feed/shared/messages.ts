import { FeedError } from '../errors.ts'
import type { FeedReason } from '../errors.ts'
import type { Connected, Frame } from '../frames.ts'
import type { Status } from '../status.ts'

/** What tabs and the hub say to each other over a BroadcastChannel. */

/** From a tab. `id` names it, and a Web Lock of that name is held for as long as it lives. */
export type ToHub =
  | { kind: 'join'; id: string; cursor: string }
  | { kind: 'leave'; id: string }
  | { kind: 'reconnect'; id: string }
  | { kind: 'token'; id: string; question: number; token: string | undefined }
  /** Is there a hub? It answers `alive`: unlike timers, messages are not slowed down in hidden tabs. */
  | { kind: 'ping'; id: string }

/** From the hub, to one tab or to all. */
export type ToTabs = { to?: string } & (
  | { kind: 'hub' | 'alive' }
  /** From here on the tab gets all frames; `frames` are those after its position. */
  | { kind: 'joined'; connected: Connected | undefined; frames: Frame[]; status: SentStatus }
  /** The hub does not have everything after the tab's position. */
  | { kind: 'behind' }
  | { kind: 'frame'; frame: Frame }
  | { kind: 'status'; status: SentStatus }
  | { kind: 'error'; error: SentError }
  /** `isRefused`: the daemon does not accept the last one any more. */
  | { kind: 'token?'; question: number; isRefused: boolean }
)

export interface SentError {
  reason: FeedReason
  message: string
  status: number | undefined
}

export type SentStatus = Omit<Status, 'error'> & { error?: SentError }

/** A class does not survive being sent. */
export function sentError({ reason, message, status }: FeedError): SentError {
  return { reason, message, status }
}

export function sentStatus({ error, ...status }: Status): SentStatus {
  return error === undefined ? status : { ...status, error: sentError(error) }
}

export function receivedError({ reason, message, status }: SentError): FeedError {
  return new FeedError(reason, message, { status })
}

export function receivedStatus({ error, ...status }: SentStatus): Status {
  return error === undefined ? status : { ...status, error: receivedError(error) }
}
