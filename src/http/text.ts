/**
 * Answers whose body is a text. What comes after a route (ETags, compression, sending) finds the text
 * here, because reading it back from the body would cost as much CPU as the route itself.
 */

/** By body, because Hono puts a body into another response to add headers. */
const TEXTS = new WeakMap<ReadableStream, string>()

export function textResponse(text: string, init: ResponseInit): Response {
  const response = new Response(text, init)
  if (response.body !== null) TEXTS.set(response.body, text)
  return response
}

/** Undefined if the body was made in another way. */
export function textOf({ body }: Response): string | undefined {
  return body === null ? undefined : TEXTS.get(body)
}
