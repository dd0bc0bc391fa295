import { z } from '@hono/zod-openapi'
import { unlessTwice } from '../parameters.ts'
import { preferences } from './preferences.ts'
import type { Preference } from './preferences.ts'

/**
 * The formats of a list of events, and which of them a request wants.
 *
 * - `preferences.ts` what `Accept` and `Accept-Encoding` say
 * - `csv.ts` events as CSV
 * - `export.ts` answers of any size
 * - `coding.ts` gzip and br
 */

const FORMATS = ['json', 'ndjson', 'csv'] as const
export type Format = (typeof FORMATS)[number]

export const MEDIA_TYPES: Record<Format, string> = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
}

/** For links, which cannot set a header. */
export const FormatName = z
  .enum(FORMATS, { error: unlessTwice(`a format is one of ${FORMATS.join(', ')}`) })
  .optional()
  .openapi({ description: 'instead of the header Accept; default: json' })

/** JSON, if the header accepts none of the formats: that helps more than a refusal. */
export function preferredFormat(accept: string | undefined): Format {
  const asked = preferences(accept)
  let best: { format: Format; weight: number; detail: number } | undefined
  for (const format of FORMATS) {
    const found = closest(asked, MEDIA_TYPES[format])
    if (found === undefined || found.weight === 0) continue
    // A format that is named counts more than one that only a wildcard allows.
    const isBetter =
      best === undefined ||
      found.weight > best.weight ||
      (found.weight === best.weight && found.detail > best.detail)
    if (isBetter) best = { format, ...found }
  }
  return best?.format ?? 'json'
}

/** What the header says about a type: the most detailed entry that covers it counts. */
function closest(asked: readonly Preference[], type: string) {
  const [family] = type.split('/')
  const covering = ['*/*', `${family}/*`, type]
  let found: { weight: number; detail: number } | undefined
  for (const { value, weight } of asked) {
    const detail = covering.indexOf(value)
    if (detail > (found?.detail ?? -1)) found = { weight, detail }
  }
  return found
}
