import type { Logger } from 'pino'
import { SourceError } from '../domain/errors.ts'
import type { LedgerPage, PageStart } from '../source/source.ts'
import { commonPart, firstDifference } from './compare-pages.ts'
import type { Endpoint } from './endpoint/endpoint.ts'
import type { Answer } from './race.ts'

/** Decides which page is accepted when endpoints have to agree on it. */
export interface Agreement {
  /** The page that enough endpoints agree on; undefined if more answers are needed. */
  decide(answers: readonly PageAnswer[]): LedgerPage | undefined
  /** Returns the endpoints that agree with the accepted page; the others are at fault. */
  accept(page: LedgerPage, answers: readonly PageAnswer[]): Endpoint[]
  /** The error for two answers that do not agree. It is not known which is right: both are shown. */
  reject(start: PageStart, answers: readonly PageAnswer[]): SourceError
  counters(): AgreementCounters
}

export interface AgreementCounters {
  /** Pages on which endpoints did not agree. */
  disagreements: number
  /** What endpoints disagree on now; else null. */
  disagreement: string | null
}

export type PageAnswer = Answer<Endpoint, LedgerPage>

/** `needed`: how many endpoints must return the same page. */
export function createAgreement(needed: 1 | 2, log: Logger): Agreement {
  let disagreements = 0
  let disagreement: string | null = null

  return {
    decide(answers) {
      const last = answers.at(-1)?.answer
      if (last === undefined || needed === 1) return last
      const equal = answers
        .slice(0, -1)
        .find(({ answer }) => firstDifference(answer, last) === undefined)?.answer
      return equal && commonPart(equal, last)
    },

    accept(page, answers) {
      const agreeing: Endpoint[] = []
      for (const { from, answer } of answers) {
        const found = needed === 1 ? undefined : firstDifference(answer, page)
        if (found === undefined) agreeing.push(from)
        else {
          disagreements += 1
          const detail = `${idOf(found.a)} where others have ${idOf(found.b)}`
          log.error({ endpoint: from.name, detail }, 'an RPC disagrees with two others')
          from.blame(new SourceError('unknown', `disagrees with two others: ${detail}`))
        }
      }
      disagreement = null
      return agreeing
    },

    reject(start, answers) {
      const [first, second] = answers as readonly [PageAnswer, PageAnswer]
      const found = firstDifference(first.answer, second.answer)
      const where = 'after' in start ? `after ${start.after}` : `from ledger ${start.startLedger}`
      const [a, b] = [first.from.name, second.from.name]
      const detail = `endpoints disagree ${where}: ${a} has ${idOf(found?.a)}, ${b} has ${idOf(found?.b)}`
      for (const { from } of answers) from.dispute(detail)
      disagreements += 1
      if (disagreement === null) log.error({ detail }, 'RPCs disagree: indexing waits')
      disagreement = detail
      return new SourceError('unknown', detail, { endpoint: `${a}, ${b}` })
    },

    counters: () => ({ disagreements, disagreement }),
  }
}

function idOf(event: { id: string } | undefined): string {
  return event?.id ?? 'no event'
}
