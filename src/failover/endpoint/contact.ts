/** When an endpoint was last asked, and when it last answered. */
export interface Contact {
  asked(): void
  answered(): void
  /** Milliseconds since it was last asked. */
  idleMs(): number
  /** It has answered recently, so it has a vote on whether ledgers are lost (promise P3). */
  isRecent(): boolean
}

const RECENT_MS = 3_600_000
/** An endpoint that has never answered has a vote for this long after the start. */
const FIRST_ANSWER_MS = 60_000

export function createContact(now: () => number): Contact {
  const createdAt = now()
  let askedAt = Number.NEGATIVE_INFINITY
  let answeredAt: number | undefined
  return {
    asked() {
      askedAt = now()
    },
    answered() {
      answeredAt = now()
    },
    idleMs: () => now() - askedAt,
    isRecent() {
      if (answeredAt === undefined) return now() - createdAt < FIRST_ANSWER_MS
      return now() - answeredAt < RECENT_MS
    },
  }
}
