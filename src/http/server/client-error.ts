import { badHttp, isRefused } from '../problem.ts'
import type { Refused } from '../problem.ts'
import { queryRecord } from '../parameters.ts'
import { parseSubscribe, SUBSCRIBE_PATH } from '../subscribe/subscribe.ts'
import { targetOf } from './target.ts'

/** What Node's parser could not make a request of. */
export interface ClientError extends Error {
  code?: string
  /** What it was reading. */
  rawPacket?: Buffer
}

const REQUEST_LINE = /^[A-Z]+ (\S+) HTTP\/1\.[01]\r?\n/

/**
 * Why there is no request. `answer` gives the answer of a route. A URL with characters that are not ASCII is what somebody gets who pastes
 * an example as it is (`users=G…`): they are told what is wrong with the parameter, as they would
 * be had their client encoded it.
 */
export async function explainError(
  { code, rawPacket }: ClientError,
  answer: (url: string) => Response | Promise<Response>,
): Promise<Refused> {
  const [, target] = REQUEST_LINE.exec(rawPacket?.toString() ?? '') ?? []
  const refused = badHttp(code)
  if (code !== 'HPE_INVALID_URL' || !target?.startsWith('/')) return refused
  const { path, search } = targetOf(target)
  if (path === SUBSCRIBE_PATH) {
    const parsed = parseSubscribe(queryRecord(search), undefined)
    return isRefused(parsed) ? { ...refused, problem: parsed.problem } : refused
  }
  const response = await answer(`http://localhost${target}`)
  if (response.status !== 400) return refused
  return { ...refused, problem: (await response.json()) as Refused['problem'] }
}
