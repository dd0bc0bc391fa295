import type { Writable } from 'node:stream'
import { pino } from 'pino'
import type { Logger } from 'pino'
import pretty from 'pino-pretty'

/** Where a command speaks; everything it prints goes through here. */
export interface Terminal {
  out: Writable
  err: Writable
  /** Somebody is watching: progress bars and colours make sense. */
  interactive: boolean
}

export function say(terminal: Terminal, text: string): void {
  terminal.out.write(`${text}\n`)
}

/** JSON lines for machines, readable lines for a person at a terminal. */
export function createLogger(terminal: Terminal, level: string, stream = terminal.out): Logger {
  if (!terminal.interactive) return pino({ level, base: null }, stream)
  const readable = pretty({
    destination: stream,
    sync: true,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
  })
  return pino({ level, base: null }, readable)
}

/** `label  value` lines, the values in one column. */
export function table(rows: readonly (readonly [label: string, value: string])[]): string {
  const width = Math.max(...rows.map(([label]) => label.length))
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`).join('\n')
}
