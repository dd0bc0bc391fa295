import type { IncomingMessage } from 'node:http'
import { parseJson } from '../json.ts'
import { queryRecord } from '../parameters.ts'
import { badRequest, bodyTooLarge, unsupportedBody } from '../problem.ts'
import type { Refused } from '../problem.ts'

/** Enough for the longest legal lists of the feed in any notation. */
const MOST_BYTES = 256 * 1024
const FORM = 'application/x-www-form-urlencoded'
export const JSON_TYPE = 'application/json'

const JSON_FORM =
  'must be a JSON object of the same parameters, each a string or a list of strings, such as {"streams":["1","2"]}'

export interface Body {
  text: string
  isForm: boolean
}

interface BodyLimits {
  mostBytes?: number
  types?: readonly string[]
}

/** The body of a request as text. `types`: JSON, a form, or either. */
export async function readBody(
  request: IncomingMessage,
  { mostBytes = MOST_BYTES, types = [JSON_TYPE, FORM] }: BodyLimits = {},
): Promise<Body | Refused> {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';')
  const form = type.trim().toLowerCase()
  if (!types.includes(form)) return unsupportedBody(types)
  const parts: Buffer[] = []
  let length = 0
  // By default, leaving the loop early destroys the connection before the answer is sent.
  const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
  for await (const part of chunks) {
    length += part.length
    if (length > mostBytes) return bodyTooLarge(mostBytes)
    parts.push(part)
  }
  return { text: Buffer.concat(parts).toString(), isForm: form === FORM }
}

/** The parameters in a body: a form, or a JSON object. */
export function parseBody({ text, isForm }: Body): Record<string, string | string[]> | Refused {
  return isForm ? queryRecord(new URLSearchParams(text)) : jsonRecord(text)
}

function jsonRecord(text: string): Record<string, string | string[]> | Refused {
  const value = parseJson(text)
  const wrong = badRequest([{ parameter: 'body', detail: JSON_FORM }])
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong
  const record: Record<string, string | string[]> = Object.create(null) as Record<string, string>
  for (const [key, given] of Object.entries(value)) {
    if (typeof given === 'string') record[key] = given
    else if (typeof given === 'boolean') record[key] = String(given)
    else if (isTexts(given)) record[key] = given
    else return badRequest([{ parameter: key, detail: 'must be a string or a list of strings' }])
  }
  return record
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string')
}
