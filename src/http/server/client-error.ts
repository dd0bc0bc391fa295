import { badHttp } from '../problem.ts'
import type { Refused } from '../problem.ts'

/** Why Node's parser refused a request. */
export interface ClientError extends Error {
  code?: string
  /** The bytes that it was reading. */
  rawPacket?: Buffer
}

const REQUEST_LINE = /^[A-Z]+ (\S+) HTTP\/1\.[01]\r?\n/

/**
 * The problem to send. Someone who pastes an example as it stands (`users=G…`) has sent a URL that
 * is not ASCII. They get the refusal of the route, which names the parameter, as if their client
 * had encoded the URL. `answer` is what the routes answer to a URL.
 */
export async function explainError(
  { code, rawPacket }: ClientError,
  answer: (url: string) => Response | Promise<Response>,
): Promise<Refused> {
  const [, target] = REQUEST_LINE.exec(rawPacket?.toString() ?? '') ?? []
  const refused = badHttp(code)
  if (code !== 'HPE_INVALID_URL' || !target?.startsWith('/')) return refused
  const response = await answer(`http://localhost${target}`)
  if (response.status !== 400) return refused
  return { ...refused, problem: (await response.json()) as Refused['problem'] }
}
