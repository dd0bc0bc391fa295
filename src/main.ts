#!/usr/bin/env node
import type { Terminal } from './command/terminal.ts'
import { cacheCompiledCode } from './config/compile-cache.ts'
import { DATABASE_PATH } from './config/database-path.ts'

/** The process: its environment, signals and exit code. The commands are in `command/program.ts`. */

// oxlint-disable-next-line node/no-process-env -- the one file that reads it
const environment = process.env
// Compose files set a variable to the empty text to say "not set".
const databasePath = environment['DATABASE_PATH'] || DATABASE_PATH
// Before anything large is loaded, which is all that this file imports dynamically.
Object.assign(environment, cacheCompiledCode(databasePath))
const { runProgram } = await import('./command/program.ts')
const { explainFailure } = await import('./command/failure.ts')

/** The exit code of a program that a signal has ended is this plus the signal's number. */
const EXIT_SIGNAL = 128
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGPIPE: 13, SIGTERM: 15 } as const
/** Ctrl-C reaches the program twice, from the terminal and from npm: that counts as once. */
const SAME_SIGNAL_MS = 500

const terminal: Terminal = {
  out: process.stdout,
  err: process.stderr,
  interactive: process.stdout.isTTY,
}

const stopping = new AbortController()
let stopped: { exitCode: number; at: number } | undefined

function stop(name: keyof typeof SIGNALS): void {
  const exitCode = EXIT_SIGNAL + SIGNALS[name]
  if (stopped === undefined) {
    stopped = { exitCode, at: performance.now() }
    stopping.abort(new Error(`ended by ${name}`))
  } else if (name !== 'SIGPIPE' && performance.now() - stopped.at > SAME_SIGNAL_MS) {
    // The user asks again and does not want to wait.
    process.exit(exitCode)
  }
}

for (const name of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.on(name, () => stop(name))
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // The reader of the pipe has ended (EPIPE), or the terminal was closed (EIO).
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
    if (stream === process.stdout) stop('SIGPIPE')
  })
}

/** Prints what ended the program. Returns the exit code. */
function report(error: unknown): number {
  const { text, exitCode } = explainFailure(error, databasePath)
  if (text !== undefined) terminal.err.write(`flowfi-indexer: ${text}\n`)
  return exitCode
}

// An error in a timer ends up here; it can be a damaged file too.
process.on('uncaughtException', (error) => process.exit(report(error)))

try {
  process.exitCode = await runProgram({
    environment,
    terminal,
    signal: stopping.signal,
    interrupted: () => stopped?.exitCode,
  })
} catch (error) {
  process.exitCode = report(error)
  // After an internal error the state is unknown: end now, so that a supervisor starts it again.
  if (process.exitCode === 1) process.exit()
}
