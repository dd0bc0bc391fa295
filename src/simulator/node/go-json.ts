/**
 * JSON as Go reads it, because clients see the errors of the real server. Upper and lower case of
 * keys do not matter, and null leaves the zero value. A value of the wrong kind is reported with
 * the type and field in the server's source. The first such mistake is kept and reading continues;
 * a value with its own reader (a cursor, a topic) ends the reading at once.
 */
import { unreadable } from './rpc-error.ts'

/** Objects in place of numbers that a double prints in another way: `1.0`, `1e6`, 2^64. */
const sources = new WeakMap<object, string>()

/** Parses JSON and keeps the text of such numbers. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }): unknown => {
    const source = context?.source
    const lossy = typeof value === 'number' && source !== undefined && String(value) !== source
    if (!lossy) return value
    const number = {}
    sources.set(number, source)
    return number
  })
}

/** The text of a number as it was written; undefined for anything else. */
export function numberText(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'object' && value !== null ? sources.get(value) : undefined
}

export function isObject(value: unknown): value is Record<string, unknown> {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isRecord && numberText(value) === undefined
}

/** The position of a value: the innermost struct and the whole path. It collects the mistakes. */
interface Place {
  struct: string
  path: string
  mistakes: string[]
}

export type Decoder<T> = (value: unknown, place: Place) => T

/** Reads the parameters of a method; missing ones are zero. Throws RpcError. */
export function decodeParams<T>(decoder: Decoder<T>, params: unknown): T {
  const place: Place = { struct: '', path: '', mistakes: [] }
  const decoded = decoder(params ?? {}, place)
  if (place.mistakes[0] !== undefined) throw unreadable(place.mistakes[0])
  return decoded
}

type Fields = Record<string, Decoder<unknown>>
type Struct<F extends Fields> = { [K in keyof F]?: ReturnType<F[K]> }

export function struct<F extends Fields>(name: string, fields: F): Decoder<Struct<F>> {
  const names = new Map(Object.keys(fields).map((field) => [field.toLowerCase(), field]))
  return (value, place) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every field is optional
    const decoded = {} as Struct<F>
    if (!isObject(value)) return mistake({ value, type: `protocol.${name}` }, place) ?? decoded
    for (const [key, member] of Object.entries(value)) {
      const field = names.get(key.toLowerCase())
      const decode = field === undefined ? undefined : fields[field]
      if (field === undefined || decode === undefined) continue
      const path = place.path === '' ? field : `${place.path}.${field}`
      const given = decode(member, { struct: name, path, mistakes: place.mistakes })
      Object.assign(decoded, { [field]: given })
    }
    return decoded
  }
}

export function list<T>(type: string, element: Decoder<T>): Decoder<T[]> {
  return (value, place) => {
    if (!Array.isArray(value)) return mistake({ value, type }, place) ?? []
    return value.map((item) => element(item, place))
  }
}

export const string: Decoder<string> = (value, place) =>
  typeof value === 'string' ? value : (mistake({ value, type: 'string' }, place) ?? '')

export function uint(type: string, bits: number): Decoder<number> {
  return (value, place) => {
    const text = numberText(value)
    if (text === undefined) return mistake({ value, type }, place) ?? 0
    if (/^\d+$/.test(text) && BigInt(text) < 1n << BigInt(bits)) return Number(text)
    place.mistakes.push(mismatch({ found: `number ${text}`, type }, place))
    return 0
  }
}

export const uint32 = uint('uint32', 32)
export const uint64 = uint('uint', 64)

/** A string with its own reader, which gets '' for null and throws RpcError. */
export function parsed<T>(parse: (text: string) => T): Decoder<T> {
  return (value, place) => {
    if (value === null) return parse('')
    if (typeof value === 'string') return parse(value)
    throw unreadable(mismatch({ found: kindOf(value), type: 'string' }, place))
  }
}

/** Undefined for null. For fields that are a pointer in the server's source. */
export function optional<T>(decoder: Decoder<T>): Decoder<T | undefined> {
  return (value, place) => (value === null ? undefined : decoder(value, place))
}

/** Null is not a mistake. Returns undefined, so that the caller continues with its zero value. */
function mistake({ value, type }: { value: unknown; type: string }, place: Place): undefined {
  if (value !== null) place.mistakes.push(mismatch({ found: kindOf(value), type }, place))
}

function mismatch(
  { found, type }: { found: string; type: string },
  { struct: owner, path }: Place,
): string {
  const into = owner === '' ? 'value' : `struct field ${owner}.${path}`
  return `json: cannot unmarshal ${found} into Go ${into} of type ${type}`
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string') return 'string'
  return numberText(value) === undefined ? 'object' : 'number'
}

/** An unsigned decimal as strconv.ParseUint reads it, or its error. */
export function parseUint(text: string, bits: number): { value: bigint } | { complaint: string } {
  return parseDecimal(text, { name: 'ParseUint', form: /^\d+$/, max: (1n << BigInt(bits)) - 1n })
}

/** A signed 64-bit decimal as strconv.ParseInt reads it, or its error. */
export function parseInt64(text: string): { value: bigint } | { complaint: string } {
  return parseDecimal(text, { name: 'ParseInt', form: /^[+-]?\d+$/, max: (1n << 63n) - 1n })
}

interface DecimalForm {
  /** The Go function. */
  name: string
  form: RegExp
  max: bigint
}

function parseDecimal(text: string, { name, form, max }: DecimalForm) {
  const complain = (why: string) => ({
    complaint: `strconv.${name}: parsing ${JSON.stringify(text)}: ${why}`,
  })
  if (!form.test(text)) return complain('invalid syntax')
  const value = BigInt(text.replace(/^\+/, ''))
  return value <= max && value >= -max - 1n ? { value } : complain('value out of range')
}
