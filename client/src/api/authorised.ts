/** A token, or a function that is asked for one. Undefined: none is sent. */
export type Token = string | (() => string | undefined | Promise<string | undefined>)

const UNAUTHORISED = 401

/**
 * `fetch` with the token. After a 401 a function is asked once more, because the first token may
 * have expired; the second answer counts, whatever it is.
 */
export function authorised(token: Token | undefined): (request: Request) => Promise<Response> {
  if (typeof token !== 'function') return async (request) => fetch(withToken(request, token))
  return async (request) => {
    // Sending a request uses up its body.
    const again = request.clone()
    const response = await fetch(withToken(request, await token()))
    if (response.status !== UNAUTHORISED) return response
    await response.body?.cancel()
    return fetch(withToken(again, await token()))
  }
}

/** A header that the caller has set is kept. */
function withToken(request: Request, token: string | undefined): Request {
  if (token !== undefined && !request.headers.has('authorization')) {
    request.headers.set('authorization', `Bearer ${token}`)
  }
  return request
}
