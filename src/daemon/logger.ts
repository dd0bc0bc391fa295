import type { Writable } from 'node:stream'
import { pino } from 'pino'
import type { Logger } from 'pino'
import pretty from 'pino-pretty'

export interface LogOptions {
  level: string
  stream: Writable
  /** Somebody is watching. */
  interactive: boolean
}

/** JSON lines for machines, readable lines for a person at a terminal. */
export function createLogger({ level, stream, interactive }: LogOptions): Logger {
  if (!interactive) return pino({ level, base: null }, stream)
  const readable = pretty({
    destination: stream,
    sync: true,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
  })
  return pino({ level, base: null }, readable)
}
