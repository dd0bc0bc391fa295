import type { Config } from '../config/config.ts'
import type { Terminal } from './terminal.ts'

/** What every command gets from the program, beside its own options. */
export interface Invocation {
  config: Config
  terminal: Terminal
  /** Of this program. */
  version: string
  /** Aborts when the user or the system asks the program to end. */
  signal: AbortSignal
}

/** Waits until `signal` aborts, or `ended` settles. Rejects if `ended` does. */
export async function untilStopped(signal: AbortSignal, ended?: Promise<void>): Promise<void> {
  const { promise: stopped, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  signal.addEventListener('abort', () => resolve(), { once: true })
  await (ended === undefined ? stopped : Promise.race([stopped, ended]))
}
