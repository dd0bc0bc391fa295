import type { LogEntry } from '../store/read/log.ts'

/**
 * SSE text. Every block ends its fields with `id`: a client that is cut off inside a block must not
 * have taken the id of an event it never got (some apply it as soon as the line is there). Lines
 * end with LF alone; JSON text holds no line break, so `data` is always one line.
 */

/** A block that moves no position unless it has an id. */
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

/** An event of the log, its stored JSON as it is. */
export function eventBlock({ id, type, data }: LogEntry): string {
  return `${AROUND[0]}${type}${AROUND[1]}${data}${AROUND[2]}${id}${AROUND[3]}`
}

/** A comment without a blank line: clients that dispatch on every blank line see nothing of it. */
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

/** Several as one, each still a chunk of its own. */
export function concat(parts: readonly Bytes[], chunked: boolean): Buffer {
  const [first] = parts
  if (parts.length === 1 && first !== undefined) return framed(first, chunked)
  return Buffer.concat(parts.map((part) => framed(part, chunked)))
}

export function framed({ chunk, start, end }: Bytes, chunked: boolean): Buffer {
  return chunked ? chunk : chunk.subarray(start, end)
}

/**
 * Text as it goes over the wire, in UTF-8. For what is sent once this is cheaper than bytes, which
 * lie outside of the heap until a full collection.
 */
export function framedText(text: string, chunked: boolean): string {
  return chunked ? `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n` : text
}

/** Ends a chunked body cleanly, so that a client can tell it from a cut. */
export const LAST_CHUNK = '0\r\n\r\n'
