/**
 * Evidence that one endpoint has lost ledgers (promise P3). One answer proves nothing: several
 * nodes may share one URL, and a new node has a short history. So only answers over new connections
 * count, and several are needed over some time. An answer that shows the ledgers ends the count for
 * them. Pure: times are milliseconds of any clock.
 */
export interface RetentionEvidence {
  /** An answer, over any connection, showed that the endpoint has this ledger. */
  ledgerShown(oldest: number): void
  /** An answer over a new connection named this ledger as the oldest. */
  oldestNamed(oldest: number, at: number): void
  /** Whether an answer would count now; answers that come too close together do not. */
  isDue(now: number): boolean
  /** Whether any answer says that the endpoint does not have this ledger. */
  suspects(ledger: number): boolean
  /** Whether enough answers say that the endpoint does not have this ledger. */
  proves(ledger: number): boolean
  /** The lowest oldest ledger in the answers that say so. */
  oldestAfter(ledger: number): number | undefined
}

const MIN_ANSWERS = 4
const MIN_SPAN_MS = 30_000
/** Answers that are closer together say nothing new. */
const SPACING_MS = 5_000
/** With the spacing, they span far more than `MIN_SPAN_MS`. */
const MAX_KEPT = 16

interface Statement {
  /** The lowest ledger named or shown by this answer and all later ones. */
  oldest: number
  at: number
}

export function createRetentionEvidence(): RetentionEvidence {
  let statements: Statement[] = []

  function ledgerShown(oldest: number): void {
    for (const each of statements) each.oldest = Math.min(each.oldest, oldest)
  }

  function isDue(now: number): boolean {
    const last = statements.at(-1)
    return last === undefined || now - last.at >= SPACING_MS
  }

  const against = (ledger: number) => statements.filter(({ oldest }) => oldest > ledger)

  return {
    ledgerShown,
    oldestNamed(oldest, at) {
      ledgerShown(oldest)
      if (isDue(at)) statements = [...statements, { oldest, at }].slice(-MAX_KEPT)
    },
    isDue,
    suspects: (ledger) => against(ledger).length > 0,
    // The first statement holds the lowest of all later ones.
    oldestAfter: (ledger) => against(ledger)[0]?.oldest,
    proves(ledger) {
      const found = against(ledger)
      const [first, last] = [found[0], found.at(-1)]
      if (first === undefined || last === undefined || found.length < MIN_ANSWERS) return false
      return last.at - first.at >= MIN_SPAN_MS
    },
  }
}
