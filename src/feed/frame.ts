import type { LogEntry } from '../store/read/log.ts'

/**
 * SSE text and its bytes. The last field of a block is `id`: some clients take an id as soon as its
 * line is there, and a client that is cut off inside a block must not have the id of an event that
 * it never got. Lines end with LF only. JSON text has no line breaks, so `data` is always one line.
 */

/** A block without an id does not move the client's position. */
export function block(fields: {
  retry?: number
  event?: string
  data: unknown
  id?: string | undefined
}): string {
  const { retry, event, data, id } = fields
  return `${retry === undefined ? '' : `retry: ${retry}\n`}${
    event === undefined ? '' : `event: ${event}\n`
  }data: ${JSON.stringify(data)}\n${id === undefined ? '' : `id: ${id}\n`}\n`
}

/** The text before, between and after the type, the data and the id in the block of an event. */
export const AROUND = ['event: ', '\ndata: ', '\nid: ', '\n\n'] as const

/** An event of the log; its stored JSON is sent as it is. */
export function eventBlock({ id, type, data }: LogEntry): string {
  return `${AROUND[0]}${type}${AROUND[1]}${data}${AROUND[2]}${id}${AROUND[3]}`
}

/** A comment without a blank line: some clients dispatch an event on every blank line. */
export const HEARTBEAT = ':\n'

/**
 * Text as bytes that any HTTP/1.1 socket can send: one chunk of the chunked transfer coding, made
 * once and shared by every subscription. HTTP/1.0 gets the same bytes without the chunk's framing.
 */
export interface Bytes {
  chunk: Buffer
  /** Where the text begins and ends in `chunk`. */
  start: number
  end: number
}

export function toBytes(text: string): Bytes {
  const length = Buffer.byteLength(text)
  const size = `${length.toString(16)}\r\n`
  const chunk = Buffer.allocUnsafe(size.length + length + 2)
  chunk.write(size, 0, 'latin1')
  chunk.write(text, size.length)
  chunk.write('\r\n', size.length + length, 'latin1')
  return { chunk, start: size.length, end: size.length + length }
}

/** Several parts in one buffer; each part is still its own chunk. */
export function concat(parts: readonly Bytes[], chunked: boolean): Buffer {
  const [first] = parts
  if (parts.length === 1 && first !== undefined) return framed(first, chunked)
  return Buffer.concat(parts.map((part) => framed(part, chunked)))
}

export function framed({ chunk, start, end }: Bytes, chunked: boolean): Buffer {
  return chunked ? chunk : chunk.subarray(start, end)
}

/**
 * Text as it goes over the wire, in UTF-8. For text that is sent once this is cheaper than a buffer,
 * whose memory is outside the heap and stays until a full garbage collection.
 */
export function framedText(text: string, chunked: boolean): string {
  return chunked ? `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n` : text
}

/** Ends a chunked body cleanly, so that a client can tell it from a cut. */
export const LAST_CHUNK = '0\r\n\r\n'
