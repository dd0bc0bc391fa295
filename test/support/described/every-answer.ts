import { routePath } from '../../../src/http/v1-path.ts'
import { createDescription } from './document.ts'
import type { Answer, Description, OpenApi } from './document.ts'

/**
 * Compares every answer that a test fetches from a daemon with the OpenAPI document, undocumented
 * fields included. vitest.config.ts loads it before each test file.
 */

type Fetch = typeof globalThis.fetch
/** Only our answers have it. */
const MARK = 'x-request-id'
const ORIGINAL = Symbol.for('flowfi: fetch, which compares nothing')

const shared = globalThis as typeof globalThis & { [ORIGINAL]?: Fetch }
const fetchPlainly = (shared[ORIGINAL] ??= globalThis.fetch)

let description: Promise<Description> | undefined

/** The document of a daemon of its own, so that no test finds one more request. */
export function describe(): Promise<Description> {
  return (description ??= read())
}

async function read(): Promise<Description> {
  // Most test files need no daemon.
  const { openSetup } = await import('../daemon.ts')
  const { loadRecording } = await import('../recordings.ts')
  const { daemon, close } = await openSetup(await loadRecording('first-steps'))
  const response = await fetchPlainly(`${daemon.url}/openapi.json`)
  const document = (await response.json()) as OpenApi
  await close()
  return createDescription(document)
}

/** `fetch`, which fails for an answer that is not described. */
function compareAnswers(fetch: Fetch): Fetch {
  return async (input, init) => {
    const response = await fetch(input, init)
    if (!response.headers.has(MARK)) return response
    const { differences } = await describe()
    const method = (init?.method ?? (input instanceof Request ? input.method : 'GET')).toUpperCase()
    const { href, pathname } = new URL(input instanceof Request ? input.url : input)
    const type = response.body === null ? undefined : response.headers.get('content-type')
    const answer: Answer = {
      method,
      path: routePath(new Request(href)),
      status: response.status,
      type: type ?? undefined,
    }
    check(answer)
    // A body is compared when the test reads it, so that slow readers stay slow.
    const read = response.text.bind(response)
    const text = async () => {
      const body = await read()
      check({ ...answer, body })
      return body
    }
    const json = async () => JSON.parse(await text()) as unknown
    return Object.defineProperties(response, { text: { value: text }, json: { value: json } })

    function check(given: Answer): void {
      const found = differences(given)
      if (found.length === 0) return
      throw new Error(
        `${method} ${pathname} answered ${given.status} ${given.type}, which the OpenAPI document does not describe:\n${found.slice(0, 20).join('\n')}`,
      )
    }
  }
}

if (globalThis.fetch === fetchPlainly) globalThis.fetch = compareAnswers(fetchPlainly)
