import { EVENT_FIELDS } from '../event-shapes.ts'

/** Events as CSV (RFC 4180): a column for each field of any event type, empty where it has none. */

const END = '\r\n'

export const CSV_HEADER = EVENT_FIELDS.join(',') + END

/** `json`: an event as it is stored. */
export function csvRow(json: string): string {
  const event = JSON.parse(json) as Record<string, unknown>
  return EVENT_FIELDS.map((name) => cell(event[name])).join(',') + END
}

const NUMBER = /^-?\d+(\.\d+)?$/
/** Programs for tables would run it as a formula. */
const FORMULA = /^[=+\-@\t\r]/
const SPECIAL = /[",\r\n]/

export function cell(value: unknown): string {
  if (value === undefined || value === null) return ''
  let text = typeof value === 'string' ? value : JSON.stringify(value)
  if (FORMULA.test(text) && !NUMBER.test(text)) text = `'${text}`
  return SPECIAL.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
