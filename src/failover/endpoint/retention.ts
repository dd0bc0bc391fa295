/**
 * When one endpoint has said often enough that ledgers are gone there. One answer proves nothing:
 * behind one URL there may be several nodes, and a new one has a short history. So only answers
 * over new connections count, and they must come again and again over a while. An answer that
 * shows the ledgers ends the count for them. Pure: times are milliseconds of any clock.
 */
export interface RetentionEvidence {
  /** An answer over any connection showed that the ledgers go back to this one. */
  shows(oldest: number): void
  /** An answer over a new connection named this one as its oldest ledger. */
  says(oldest: number, at: number): void
  /** Whether an answer would count now; sooner after the last one it would not. */
  isDue(now: number): boolean
  /** Whether there is any evidence that the endpoint does not have this ledger. */
  doubts(ledger: number): boolean
  /** Whether it is certain that the endpoint does not have this ledger. */
  proves(ledger: number): boolean
  /** The oldest ledger that any of the answers against this one has named. */
  oldestAfter(ledger: number): number | undefined
}

const MIN_ANSWERS = 4
const MIN_SPAN_MS = 30_000
/** Answers closer together tell nothing new. */
const SPACING_MS = 5_000
/** With the spacing, far more than `MIN_SPAN_MS`. */
const MAX_KEPT = 16

interface Statement {
  /** The least that any answer since then has shown. */
  oldest: number
  at: number
}

export function createRetentionEvidence(): RetentionEvidence {
  let statements: Statement[] = []

  function shows(oldest: number): void {
    for (const each of statements) each.oldest = Math.min(each.oldest, oldest)
  }

  function isDue(now: number): boolean {
    const last = statements.at(-1)
    return last === undefined || now - last.at >= SPACING_MS
  }

  const against = (ledger: number) => statements.filter(({ oldest }) => oldest > ledger)

  return {
    shows,
    says(oldest, at) {
      shows(oldest)
      if (isDue(at)) statements = [...statements, { oldest, at }].slice(-MAX_KEPT)
    },
    isDue,
    doubts: (ledger) => against(ledger).length > 0,
    // Each one holds the least of all that came after it.
    oldestAfter: (ledger) => against(ledger)[0]?.oldest,
    proves(ledger) {
      const found = against(ledger)
      const [first, last] = [found[0], found.at(-1)]
      if (first === undefined || last === undefined || found.length < MIN_ANSWERS) return false
      return last.at - first.at >= MIN_SPAN_MS
    },
  }
}
