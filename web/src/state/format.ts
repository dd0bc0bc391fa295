import type { Token } from './shapes.ts'

/** Numbers, addresses and times as people read them. Amounts stay exact. */

const LONGEST_SYMBOL = 12
/** A token may claim anything; more decimals than an i128 has digits mean nothing. */
const MAX_DECIMALS = 38

const whole = new Intl.NumberFormat()

export function count(value: number): string {
  return whole.format(value)
}

const formats = new Map<number, Intl.NumberFormat>()

function formatOf(decimals: number): Intl.NumberFormat {
  const format =
    formats.get(decimals) ??
    new Intl.NumberFormat(undefined, {
      minimumFractionDigits: decimals ? 2 : 0,
      maximumFractionDigits: decimals,
    })
  formats.set(decimals, format)
  return format
}

/** An amount in the token's smallest unit, with all its digits. */
export function amount(units: string, { decimals }: Pick<Token, 'decimals'>): string {
  const places = decimals === null || decimals < 0 ? 0 : Math.min(decimals, MAX_DECIMALS)
  // Numbers would lose digits; the format takes decimal text as it is.
  return formatOf(places).format(shifted(units, places) as Intl.StringNumericLiteral)
}

/** `units` divided by ten to the power of `places`, as decimal text. */
export function shifted(units: string, places: number): string {
  if (places === 0) return units
  const isNegative = units.startsWith('-')
  const digits = units.replace('-', '').padStart(places + 1, '0')
  const text = `${digits.slice(0, -places)}.${digits.slice(-places)}`
  return isNegative ? `-${text}` : text
}

const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 })

/** For the axis of a chart, where the size is enough. */
export function roughly(units: string, { decimals }: Pick<Token, 'decimals'>): string {
  return compact.format(shifted(units, decimals ?? 0) as Intl.StringNumericLiteral)
}

/** What a token is called: its symbol, else the beginning and end of its address. */
export function unit({ symbol, address }: Token): string {
  const clean = symbol === null ? '' : cleaned(symbol).slice(0, LONGEST_SYMBOL)
  return clean === '' ? short(address) : clean
}

/** Text of strangers, without characters that cannot be seen or that turn the writing around. */
export function cleaned(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, '').trim()
}

export function short(address: string): string {
  return address.length > 12 ? `${address.slice(0, 4)}…${address.slice(-4)}` : address
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })
const calendar = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

const brief = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'short' })

/** Beyond this, Date has no day. */
const LAST_SECOND = 8.64e12

export function time(seconds: number): string {
  return isDate(seconds) ? clock.format(seconds * 1_000) : `second ${seconds}`
}

export function date(seconds: number | null): string {
  if (seconds === null) return '–'
  return isDate(seconds) ? calendar.format(seconds * 1_000) : `second ${seconds}`
}

/** For narrow columns. */
export function briefDate(seconds: number | null): string {
  return seconds !== null && isDate(seconds) ? brief.format(seconds * 1_000) : date(seconds)
}

function isDate(seconds: number): boolean {
  return Math.abs(seconds) <= LAST_SECOND
}

/** `1 h 20 min`, at most two units. */
export function span(seconds: number): string {
  const units = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ] as const
  let rest = Math.max(0, Math.round(seconds))
  const parts: string[] = []
  for (const [size, name] of units) {
    const many = Math.floor(rest / size)
    rest %= size
    if (many > 0) parts.push(`${count(many)} ${name}`)
    if (parts.length === 2) break
  }
  return parts.length === 0 ? '0 s' : parts.join(' ')
}
