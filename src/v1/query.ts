import { queryRecord, searchOf } from '../http/parameters.ts'

/**
 * Parameters as FlowFi's backend reads them: what is unknown or given twice is ignored, and numbers
 * are read as far as they are numbers.
 */
export interface Query {
  /** Undefined if it is missing or given twice. */
  text(name: string): string | undefined
  /** A number from 1 to `most`; anything else is the default, and more than the most is the most. */
  size(name: string, bounds: { fallback: number; most: number }): number
  /** A number from 0; undefined if it is missing or no such number. */
  whole(name: string): number | undefined
}

export function readQuery(url: string): Query {
  const record = queryRecord(searchOf(url))

  function text(name: string): string | undefined {
    const value = record[name]
    return typeof value === 'string' ? value : undefined
  }

  function whole(name: string): number | undefined {
    const value = Number.parseInt(text(name) ?? '', 10)
    return value >= 0 && Number.isSafeInteger(value) ? value : undefined
  }

  return {
    text,
    whole,
    size: (name, { fallback, most }) => Math.min(most, whole(name) || fallback),
  }
}
