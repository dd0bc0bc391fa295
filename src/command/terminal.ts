import type { Writable } from 'node:stream'
import type { Logger } from 'pino'
import { createLogger as createLoggerOn } from '../daemon/logger.ts'

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

export function createLogger(terminal: Terminal, level: string, stream = terminal.out): Logger {
  return createLoggerOn({ level, stream, interactive: terminal.interactive })
}

/** `label  value` lines, the values in one column. */
export function table(rows: readonly (readonly [label: string, value: string])[]): string {
  const width = Math.max(...rows.map(([label]) => label.length))
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`).join('\n')
}
