import type { Access } from '../../auth/access.ts'
import { narrow } from '../../auth/identity.ts'
import type { Identity } from '../../auth/identity.ts'
import type { EventFilter } from '../../domain/filter.ts'
import type { Holder } from '../../feed/admission.ts'
import type { Subscribe } from './request.ts'

/** Who asks for a subscription. */
export interface Asker {
  identity: Identity
  /** As the server sees the connection. */
  holder: Holder
}

/** What the asker gets of it: the feed itself knows nothing of tokens. */
export interface Granted {
  filter: EventFilter
  cursor: string
  holder: Holder
  lifetimeMs: number | undefined
}

export function grant(
  { filter, cursor }: Subscribe,
  { identity, holder }: Asker,
  mode: Access['mode'],
): Granted {
  const { subject, expiresAt } = identity
  return {
    filter: narrow(filter, identity),
    cursor,
    // A token says who the user is. Without tokens, a trusted proxy may say it.
    holder: mode === 'open' ? holder : { ...holder, user: subject ?? undefined },
    lifetimeMs: expiresAt === undefined ? undefined : expiresAt - Date.now(),
  }
}
