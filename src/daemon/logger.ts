import { createRequire } from 'node:module'
import type { Writable } from 'node:stream'
import { pino } from 'pino'
import type { Logger } from 'pino'

export interface LogOptions {
  level: string
  stream: Writable
  /** A person is watching. */
  interactive: boolean
}

/** JSON lines for machines, readable lines for a person at a terminal. */
export function createLogger({ level, stream, interactive }: LogOptions): Logger {
  if (!interactive) return pino({ level, base: null }, stream)
  // Loaded only if it is used, because it would slow down every start.
  const require = createRequire(import.meta.url)
  const pretty = require('pino-pretty') as typeof import('pino-pretty')
  const readable = pretty({
    destination: stream,
    sync: true,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
  })
  return pino({ level, base: null }, readable)
}
