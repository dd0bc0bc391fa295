import type { Writable } from 'node:stream'
import type { Logger } from 'pino'
import { createLogger as createLoggerOn } from '../daemon/logger.ts'

/** Everything a command prints goes through here. */
export interface Terminal {
  out: Writable
  err: Writable
  /** A person is watching: show progress bars and colours. */
  interactive: boolean
}

export function say(terminal: Terminal, text: string): void {
  terminal.out.write(`${text}\n`)
}

/** Logs to stdout unless `stream` is another. */
export function createLogger(
  { out, interactive }: Terminal,
  { level, stream = out }: { level: string; stream?: Writable },
): Logger {
  return createLoggerOn({ level, stream, interactive })
}

/** Rows as lines, each column as wide as its widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [column, { length }] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, length)
    }
  }
  const line = (row: readonly string[]) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}
