/**
 * Compares JSON with a schema of the OpenAPI document. It is stricter than JSON Schema in one way:
 * an object that lists its properties has no others, so that every undocumented field is found.
 */

export interface Schema {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  propertyNames?: Schema
  items?: Schema
  prefixItems?: Schema[]
  minItems?: number
  maxItems?: number
  minLength?: number
  maxLength?: number
  pattern?: string
  minimum?: number
  maximum?: number
}

/** They say nothing about what is valid. */
const NOTES = ['description', 'example', 'format', 'default', 'discriminator', 'title']
const KNOWN = new Set(
  [
    ['$ref', 'type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', 'properties', 'required'],
    ['additionalProperties', 'propertyNames', 'items', 'prefixItems', 'minItems', 'maxItems'],
    ['minLength', 'maxLength', 'pattern', 'minimum', 'maximum'],
    NOTES,
  ].flat(),
)

/** What of `value` the schema does not allow; `at` is where the value stands. */
export type Compare = (schema: Schema, value: unknown, at?: string) => string[]

export function createCompare(resolve: (ref: string) => Schema): Compare {
  return function compare(schema, value, at = ''): string[] {
    const unknown = Object.keys(schema).filter((key) => !KNOWN.has(key))
    if (unknown.length > 0) return [`${at}: the test does not know the keyword ${unknown.join()}`]
    const { $ref, anyOf, oneOf, allOf } = schema
    const found = $ref === undefined ? [] : compare(resolve($ref), value, at)
    for (const choices of [anyOf, oneOf]) found.push(...ofChoices(choices, value, at))
    for (const part of allOf ?? []) found.push(...compare(part, value, at))
    if (!isOfType(schema.type, value)) {
      return [...found, `${at}: ${JSON.stringify(value)} is not ${JSON.stringify(schema.type)}`]
    }
    if (typeof value === 'string' || typeof value === 'number') {
      found.push(...ofScalar(schema, value, at))
    } else if (Array.isArray(value)) found.push(...ofArray(schema, value, at))
    else if (typeof value === 'object' && value !== null) {
      found.push(...ofObject(schema, value as Record<string, unknown>, at))
    }
    if (!isListed(schema, value)) found.push(`${at}: ${JSON.stringify(value)} is not listed`)
    return found

    function ofChoices(choices: Schema[] | undefined, given: unknown, place: string): string[] {
      if (choices === undefined) return []
      const results = choices.map((choice) => compare(choice, given, place))
      if (results.some((result) => result.length === 0)) return []
      // The closest choice says most.
      return results.toSorted((a, b) => a.length - b.length)[0] ?? []
    }

    function ofArray(of: Schema, items: unknown[], place: string): string[] {
      const { minItems = 0, maxItems = Infinity, prefixItems = [] } = of
      const wrongLength =
        items.length < minItems || items.length > maxItems
          ? [`${place}: ${items.length} items`]
          : []
      return items.reduce<string[]>((all, item, index) => {
        const each = prefixItems[index] ?? of.items
        return each === undefined ? all : [...all, ...compare(each, item, `${place}/${index}`)]
      }, wrongLength)
    }

    function ofObject(of: Schema, object: Record<string, unknown>, place: string): string[] {
      const { properties, required = [], propertyNames } = of
      const others = of.additionalProperties ?? properties === undefined
      const missing = required.filter((name) => !Object.hasOwn(object, name))
      return Object.entries(object).reduce<string[]>(
        (all, [name, member]) => {
          const inside = `${place}/${name}`
          const own = properties?.[name]
          if (propertyNames !== undefined) all.push(...compare(propertyNames, name, inside))
          if (own !== undefined) return [...all, ...compare(own, member, inside)]
          if (others === false) return [...all, `${inside}: is not described`]
          return others === true ? all : [...all, ...compare(others, member, inside)]
        },
        missing.map((name) => `${place}/${name}: is missing`),
      )
    }
  }
}

function isOfType(type: Schema['type'], value: unknown): boolean {
  if (type === undefined) return true
  return [type].flat().some((name) => {
    if (name === 'null') return value === null
    if (name === 'array') return Array.isArray(value)
    if (name === 'integer') return Number.isInteger(value)
    if (name === 'object') {
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    }
    return typeof value === name
  })
}

function isListed(schema: Schema, value: unknown): boolean {
  if (schema.enum !== undefined && !schema.enum.includes(value)) return false
  return schema.const === undefined || schema.const === value
}

function ofScalar(schema: Schema, value: string | number, at: string): string[] {
  const { minLength = 0, maxLength = Infinity, pattern = '' } = schema
  const { minimum = -Infinity, maximum = Infinity } = schema
  const isLegal =
    typeof value === 'number'
      ? value >= minimum && value <= maximum
      : value.length >= minLength && value.length <= maxLength && new RegExp(pattern).test(value)
  return isLegal ? [] : [`${at}: ${value} is beyond what is described`]
}
