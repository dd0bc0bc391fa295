import { routePath } from '../../../src/http/v1/path.ts'
import { createDescription } from './document.ts'
import type { Answer, Description, OpenApi } from './document.ts'

/**
 * Compares every answer that a test fetches from a daemon with the OpenAPI document, undocumented
 * fields included. vitest.config.ts loads it before each test file.
 */

type Fetch = typeof globalThis.fetch
/** Only our answers have it. */
const MARK = 'x-request-id'
const PATCHED = Symbol.for('flowfi: every answer is compared')

let description: Promise<Description> | undefined

/** The document of a daemon of its own, so that no test finds one more request. */
export function describe(fetch: Fetch = globalThis.fetch): Promise<Description> {
  return (description ??= read(fetch))
}

async function read(fetch: Fetch): Promise<Description> {
  // Most test files need no daemon.
  const { openSetup } = await import('../daemon.ts')
  const { loadRecording } = await import('../recordings.ts')
  const { daemon, close } = await openSetup(await loadRecording('first-steps'))
  const response = await fetch(`${daemon.url}/openapi.json`)
  const document = (await response.json()) as OpenApi
  await close()
  return createDescription(document)
}

/** `fetch`, which fails for an answer that is not described. */
function compareAnswers(fetch: Fetch): Fetch {
  return async (input, init) => {
    const response = await fetch(input, init)
    if (!response.headers.has(MARK)) return response
    const { differences } = await describe(fetch)
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

const shared = globalThis as typeof globalThis & { [PATCHED]?: true }
if (shared[PATCHED] === undefined) {
  shared[PATCHED] = true
  globalThis.fetch = compareAnswers(globalThis.fetch)
}
