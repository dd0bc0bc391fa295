import type { Place, Places } from '../domain/places.ts'
import { createQuestions } from './questions.ts'

/** Places that all workers share: the supervisor counts, and the workers ask. */

export interface PlaceCount<Owner> {
  /** The first key that is full; undefined if `owner` has the places now, under the number `id`. */
  take(owner: Owner, id: number, wanted: readonly Place[]): string | undefined
  release(owner: Owner, id: number): void
  /** Gives back everything that an owner had, which has ended. */
  forget(owner: Owner): void
}

/** The supervisor's end. */
export function createPlaceCount<Owner>(): PlaceCount<Owner> {
  const counts = new Map<string, number>()
  /** The keys of what each owner has taken. */
  const taken = new Map<Owner, Map<number, string[]>>()

  function giveBack(keys: readonly string[] = []): void {
    for (const key of keys) {
      const left = (counts.get(key) ?? 0) - 1
      if (left > 0) counts.set(key, left)
      else counts.delete(key)
    }
  }

  return {
    take(owner, id, wanted) {
      const full = wanted.find(({ key, most }) => (counts.get(key) ?? 0) >= most)
      if (full !== undefined) return full.key
      const keys = wanted.map(({ key }) => key)
      for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
      let own = taken.get(owner)
      if (own === undefined) taken.set(owner, (own = new Map()))
      own.set(id, keys)
      return undefined
    },
    release(owner, id) {
      giveBack(taken.get(owner)?.get(id))
      taken.get(owner)?.delete(id)
    },
    forget(owner) {
      for (const keys of taken.get(owner)?.values() ?? []) giveBack(keys)
      taken.delete(owner)
    },
  }
}

export interface RemotePlaces extends Places {
  /** Takes the supervisor's answer. */
  answer(question: number, full: string | undefined): void
}

export interface PlaceMessages {
  take(question: number, wanted: readonly Place[]): void
  release(id: number): void
}

/** Without an answer in this time a client gets its place uncounted: it did nothing wrong. */
const PLACE_MS = 5_000

/** A worker's end. */
export function createRemotePlaces(send: PlaceMessages): RemotePlaces {
  const asking = createQuestions<{ full: string | undefined }>(PLACE_MS)

  return {
    async take(wanted) {
      let id = 0
      const answer = await asking.ask((question) => {
        id = question
        send.take(question, wanted)
      })
      // The supervisor may take it later: it reads this after the question.
      if (answer === undefined) send.release(id)
      return { id, full: answer?.full }
    },
    release: send.release,
    answer: (question, full) => asking.answer(question, { full }),
  }
}
