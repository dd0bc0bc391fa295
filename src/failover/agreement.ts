import type { Logger } from 'pino'
import { SourceError } from '../domain/errors.ts'
import { difference, sealed } from './compare-pages.ts'
import type { Endpoint } from './endpoint/endpoint.ts'
import type { Answer } from './race.ts'
import type { LedgerPage, PageStart } from '../source/source.ts'

/** What is believed of the pages that endpoints have answered. */
export interface Belief {
  /** The page that the answers so far amount to; undefined: more are needed. */
  decide(answers: readonly PageAnswer[]): LedgerPage | undefined
  /** Those who answered what was believed; the others have lied, and are blamed. */
  settle(page: LedgerPage, answers: readonly PageAnswer[]): Endpoint[]
  /** Nobody can tell who is right, so all of them are shown, and asked again. */
  dispute(start: PageStart, answers: readonly PageAnswer[]): SourceError
  /** Pages on which endpoints did not agree, and what they do not agree on now. */
  counters(): { disagreements: number; disagreement: string | null }
}

export type PageAnswer = Answer<Endpoint, LedgerPage>

export function createBelief(agreement: 1 | 2, log: Logger): Belief {
  let disagreements = 0
  let disagreement: string | null = null

  return {
    decide(answers) {
      const last = answers.at(-1)?.answer
      if (last === undefined || agreement === 1) return last
      const alike = answers
        .slice(0, -1)
        .find(({ answer }) => difference(answer, last) === undefined)?.answer
      return alike && sealed(alike, last)
    },

    settle(page, answers) {
      const agreeing: Endpoint[] = []
      for (const { from, answer } of answers) {
        const sides = agreement === 1 ? undefined : difference(answer, page)
        if (sides === undefined) agreeing.push(from)
        else {
          disagreements += 1
          const detail = `${idOf(sides.ours)} where others have ${idOf(sides.theirs)}`
          log.error({ endpoint: from.name, detail }, 'an RPC disagrees with two others')
          from.blame(new SourceError('unknown', `disagrees with two others: ${detail}`))
        }
      }
      disagreement = null
      return agreeing
    },

    dispute(start, answers) {
      const [{ from: a, answer: ofA }, { from: b, answer: ofB }] = answers as readonly [
        PageAnswer,
        PageAnswer,
      ]
      const { ours, theirs } = difference(ofA, ofB) ?? { ours: undefined, theirs: undefined }
      const where = 'after' in start ? `after ${start.after}` : `from ledger ${start.startLedger}`
      const detail = `endpoints disagree ${where}: ${a.name} has ${idOf(ours)}, ${b.name} has ${idOf(theirs)}`
      for (const { from } of answers) from.dispute(detail)
      disagreements += 1
      if (disagreement === null) log.error({ detail }, 'RPCs disagree: the checkpoint is held')
      disagreement = detail
      const endpoint = `${a.name}, ${b.name}`
      return new SourceError('unknown', detail, { endpoint })
    },

    counters: () => ({ disagreements, disagreement }),
  }
}

function idOf(event: { id: string } | undefined): string {
  return event?.id ?? 'no event'
}
