import { fc } from '@fast-check/vitest'
import type { OpenApi, Operation } from './document.ts'
import type { Schema } from './schema.ts'

/** Requests that follow the OpenAPI document, and requests that nearly do. */

export interface Asked {
  method: string
  /** With its query. */
  target: string
  headers: Record<string, string>
  body: string | undefined
}

/** What the chain knows, so that some requests find something. */
export interface Known {
  addresses: string[]
  positions: string[]
  hashes: string[]
  /** For the header Authorization. */
  credentials: string[]
}

type Text = fc.Arbitrary<string>

const ODD = [
  ['', ' ', '0', '-1', '00', '1e3', '1.5', '٣', 'null', 'true', '[]', '{}', '%', '../..', 'a\tb'],
  ['18446744073709551615', '18446744073709551616', '9223372036854775808', '9007199254740993'],
  ['__proto__', 'constructor', "' or 1=1 --", '\0', '\uFFFD', '💥', 'x'.repeat(5_000)],
  ['earliest', 'now', '9999999999999999999-9999999999', '0,1,,2', '1,'.repeat(600)],
].flat()
const repeated = fc.oneof(
  { weight: 20, arbitrary: fc.constant(1) },
  { weight: 1, arbitrary: fc.constant(2) },
)
const odd: Text = fc.oneof(fc.constantFrom(...ODD), fc.string({ unit: 'grapheme', maxLength: 20 }))

/** Mostly legal. */
function mostly(legal: Text): Text {
  return fc.oneof({ weight: 20, arbitrary: legal }, { weight: 1, arbitrary: odd })
}

export function requestsOf(document: OpenApi, known: Known): fc.Arbitrary<Asked> {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  )
  return fc.constantFrom(...operations).chain(({ path, method, operation }) =>
    fc.record({
      method: methodFor(method.toUpperCase()),
      target: fc
        .tuple(pathOf(path, operation), queryOf(operation))
        .map(([filled, query]) => `${filled}${query === '' ? '' : `?${query}`}`),
      headers: headersOf(known),
      body: bodyOf(operation),
    }),
  )

  function pathOf(path: string, operation: Operation): Text {
    const parts = path.split(/(\{[^}]*\})/).map((part) => {
      const parameter = operation.parameters?.find(({ name }) => part === `{${name}}`)
      if (parameter === undefined) return fc.constant(part)
      return mostly(valueOf(parameter.name, parameter.schema)).map(encodeURIComponent)
    })
    return fc.tuple(...parts).map((filled) => filled.join(''))
  }

  function queryOf({ parameters = [] }: Operation): Text {
    const pairs = parameters
      .filter((parameter) => parameter.in === 'query')
      .map(({ name, schema }) =>
        fc.tuple(fc.constant(name), mostly(valueOf(name, schema)), repeated),
      )
    const unknown = fc.tuple(odd, odd, fc.constant(1))
    return fc
      .tuple(
        fc
          .subarray(pairs, { maxLength: Math.min(3, pairs.length) })
          .chain((some) => fc.tuple(...some)),
        fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: unknown }),
      )
      .map(([some, other]) =>
        [...some, ...(other === null ? [] : [other])]
          .flatMap(([name, value, times]) => Array.from({ length: times }, () => [name, value]))
          .map((pair) => pair.map((text) => encodeURIComponent(text)).join('='))
          .join('&'),
      )
  }

  function valueOf(name: string, schema: Schema): Text {
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum.map(String))
    if (schema.items !== undefined) return listOf(name, schema.items)
    if (schema.type === 'integer') {
      const { minimum: min = 0, maximum: max = 1_000 } = schema
      return fc.oneof(fc.constantFrom(min, max), fc.integer({ min, max })).map(String)
    }
    if (/users?|address|sender|recipient|token|account/.test(name)) {
      return fc.constantFrom(...known.addresses)
    }
    if (/hash|tx/.test(name)) return fc.constantFrom(...known.hashes)
    if (/after|before|cursor|event/i.test(name)) return fc.constantFrom(...known.positions)
    if (/id|streams/.test(name)) return fc.constantFrom('1', '2', '3', '77')
    return schema.pattern === undefined ? odd : fc.stringMatching(new RegExp(schema.pattern))
  }

  function listOf(name: string, items: Schema): Text {
    return fc.array(valueOf(name, items), { minLength: 1, maxLength: 4 }).map((all) => all.join())
  }

  /** The fields of a body, each with any JSON value. */
  function bodyOf({ requestBody }: Operation): fc.Arbitrary<string | undefined> {
    if (requestBody === undefined) return fc.constant(undefined)
    const { properties = {} } = Object.values(requestBody.content)[0]?.schema ?? {}
    const fields = Object.entries(properties).map(([name, schema]) =>
      fc.tuple(fc.constant(name), fc.oneof(valueOf(name, schema), fc.jsonValue())),
    )
    const json = fc
      .subarray(fields)
      .chain((some) => fc.tuple(...some))
      .map((some) => JSON.stringify(Object.fromEntries(some)))
    return fc.oneof(json, fc.json(), odd)
  }
}

/** As described, or any other. */
function methodFor(method: string): Text {
  const others = ['HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'POST', 'GET']
  return fc.oneof(
    { weight: 9, arbitrary: fc.constant(method) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  )
}

function headersOf({ credentials, positions }: Known): fc.Arbitrary<Record<string, string>> {
  const some = (...values: string[]) => fc.constantFrom(...values)
  return fc.record(
    {
      accept: some('*/*', 'text/csv', 'application/x-ndjson', 'text/html;q=0.5, x', 'image/png'),
      'accept-encoding': some('identity', 'gzip', 'br;q=0', 'zstd, gzip;q=0.1'),
      authorization: some(...credentials),
      'content-type': some('application/json', 'application/x-www-form-urlencoded', 'text/plain'),
      cookie: some('flowfi_token=x', 'a=b', ';;='),
      'if-none-match': some('*', 'W/"x"', '"', 'x'),
      'last-event-id': some(...positions, 'x', ''),
      origin: some('https://app.example', 'null'),
      range: some('bytes=0-1'),
    },
    { requiredKeys: [] },
  )
}
