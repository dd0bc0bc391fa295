import { once } from 'node:events'
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { STREAMED } from '../formats/export.ts'
import { textOf } from '../text.ts'

/**
 * Sends a route's response. A body that is sent while it is read is read only as fast as the client
 * takes it, and no longer once the client has left. Rejects if the body cannot be read to its end;
 * the connection is then closed, because nothing else tells the client that something is missing.
 */
export async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  const { status, body } = response
  const headers = plainHeaders(response.headers)
  const text = textOf(response)
  if (text !== undefined) {
    headers['content-length'] ??= Buffer.byteLength(text)
    outgoing.writeHead(status, headers).end(text)
  } else if (body === null) {
    outgoing.writeHead(status, headers).end()
  } else if (response.headers.has(STREAMED)) {
    // Node decides how: clients of HTTP/1.0 understand no chunks.
    delete headers[STREAMED]
    outgoing.writeHead(status, headers)
    await pour(body, outgoing)
  } else {
    const bytes = new Uint8Array(await response.arrayBuffer())
    headers['content-length'] ??= bytes.byteLength
    outgoing.writeHead(status, headers).end(bytes)
  }
}

function plainHeaders(headers: Headers): OutgoingHttpHeaders {
  const cookies = headers.getSetCookie()
  const plain: OutgoingHttpHeaders = Object.fromEntries(headers)
  if (cookies.length > 0) plain['set-cookie'] = cookies
  return plain
}

async function pour(body: ReadableStream<Uint8Array>, outgoing: ServerResponse): Promise<void> {
  const reader = body.getReader()
  const left = new AbortController()
  const leave = () => {
    left.abort()
    reader.cancel().catch(() => {})
  }
  if (outgoing.destroyed) return leave()
  outgoing.once('close', leave)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (left.signal.aborted) return
      if (done) return void outgoing.end()
      if (!outgoing.write(value)) await once(outgoing, 'drain', { signal: left.signal })
    }
  } catch (error) {
    if (left.signal.aborted) return
    outgoing.destroy()
    throw error
  } finally {
    outgoing.off('close', leave)
  }
}
