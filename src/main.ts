#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { cacheCompiledCode } from './config/compile-cache.ts'
import type { Terminal } from './command/terminal.ts'
import type { Config } from './config/config.ts'
import { DATABASE_PATH } from './config/database-path.ts'
import { MAX_LEDGER } from './domain/cursor.ts'
import { UsageError } from './domain/errors.ts'
import { findMisspelt } from './config/misspelt.ts'
import { explainStorage } from './store/trouble.ts'

/**
 * Arguments, environment, signals and exit codes; everything else is elsewhere. A command's code is
 * loaded when that command runs, so `--help` and small commands start fast.
 */

// oxlint-disable-next-line node/no-process-env -- the one file that reads it
const environment = process.env
// Before anything large is loaded. The empty text is how compose files say "not set".
Object.assign(environment, cacheCompiledCode(environment['DATABASE_PATH'] || DATABASE_PATH))
const { Command, CommanderError, InvalidArgumentError, Option } = await import('commander')
const { listVariables, parseConfig, variableNames } = await import('./config/config.ts')

const EXIT_FAILED = 1
const EXIT_USAGE = 2
/** A shell reports a program that a signal has ended by this much plus the signal's number. */
const EXIT_SIGNAL = 128
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGPIPE: 13, SIGTERM: 15 } as const
/** npm passes Ctrl-C on to a program that the terminal has told already: two of them are one. */
const SAME_SIGNAL_MS = 500

const terminal: Terminal = {
  out: process.stdout,
  err: process.stderr,
  interactive: process.stdout.isTTY,
}

const stopping = new AbortController()
let stopped: { code: number; at: number } | undefined

function stop(name: keyof typeof SIGNALS): void {
  const code = EXIT_SIGNAL + SIGNALS[name]
  if (stopped === undefined) {
    stopped = { code, at: performance.now() }
    stopping.abort(new Error(`ended by ${name}`))
  } else if (name !== 'SIGPIPE' && performance.now() - stopped.at > SAME_SIGNAL_MS) {
    // Asked again: end now.
    process.exit(code)
  }
}

for (const name of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.on(name, () => stop(name))
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // The reader of the pipe has ended, or the terminal was closed: nobody is left to write to.
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
    if (stream === process.stdout) stop('SIGPIPE')
  })
}

/**
 * Runs a command that ends when its work is done, and sets its exit code. One that a signal has cut
 * short has not done its work, whatever it returned.
 */
async function toTheEnd(work: () => Promise<number | void>): Promise<void> {
  try {
    process.exitCode = (await work()) ?? 0
  } catch (error) {
    if (stopped === undefined || error instanceof UsageError) throw error
  }
  if (stopped !== undefined) process.exitCode = stopped.code
}

function config(): Config {
  // A worker has its supervisor's environment, which was checked already.
  if (process.send === undefined) warnOfMisspelt(environment)
  return parseConfig(environment)
}

function warnOfMisspelt(env: NodeJS.ProcessEnv): void {
  for (const { found, meant } of findMisspelt(env, variableNames())) {
    terminal.err.write(`flowfi-indexer: ${found} is not a variable of this program; ${meant} is\n`)
  }
}

function describeVariables(): string {
  const lines = listVariables().map(({ name, fallback = '', description }) => {
    const shown = fallback === '' ? '' : ` (default: ${fallback})`
    return `  ${name.padEnd(30)} ${description}${shown}`
  })
  return `
Environment variables; README.md gives bounds and meaning:
${lines.join('\n')}

To read them from a file: npx node --env-file=.env src/main.ts start`
}

function version(): string {
  const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(file) as { version: string }).version
}

function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= low && value <= high) return value
    throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`)
  }
}

function speed(text: string): number {
  const value = text === 'max' ? Number.POSITIVE_INFINITY : Number(text)
  if (text !== '' && value > 0) return value
  throw new InvalidArgumentError('It must be a number above 0, or max for everything at once.')
}

const program = new Command('flowfi-indexer')
  .description(
    'Indexes the FlowFi payment-streaming contract on Stellar and serves it over REST and Server-Sent Events.\nConfigured by environment variables: "start --help" lists them. They can be read from a file:\nnpx node --env-file=.env src/main.ts start',
  )
  .version(version())
  .exitOverride()
  .configureOutput({ writeErr: (text) => terminal.err.write(text) })

program
  .command('start')
  .description('index and serve: the daemon (needs CONTRACT_ID)')
  .option('--fresh', 'begin a new log; the old file is kept under another name')
  .option(
    '--workers <number>',
    'serve from this many more processes on the same port',
    wholeNumber(1, 64),
  )
  .addHelpText('after', describeVariables)
  .action(async (options: { fresh?: boolean; workers?: number }) =>
    (await import('./command/start.ts')).start(
      config(),
      options,
      terminal,
      version(),
      stopping.signal,
    ),
  )

program
  .command('serve')
  .description('serve a database that another process writes; several may share a port')
  .addOption(new Option('--worker <of>').argParser(wholeNumber(1, 64)).hideHelp())
  .addOption(new Option('--port <number>').argParser(wholeNumber(0, 65_535)).hideHelp())
  .action(async (options: { worker?: number; port?: number }) =>
    (await import('./command/serve.ts')).serve(
      config(),
      options,
      terminal,
      version(),
      stopping.signal,
    ),
  )

program
  .command('demo')
  .description('play recorded ledgers through the whole pipe; needs no network')
  .action(async () =>
    (await import('./command/demo.ts')).demo(config(), {}, terminal, version(), stopping.signal),
  )

program
  .command('sync')
  .description('catch up with the tip, then exit (needs CONTRACT_ID)')
  .option(
    '--from <ledger>',
    'also fill what is missing since this ledger, as far as the RPC has it',
    wholeNumber(1, MAX_LEDGER),
  )
  .option(
    '--timeout <seconds>',
    'give up, with exit code 1, after so long without progress',
    wholeNumber(1, 604_800),
    600,
  )
  .action((options: { from?: number; timeout: number }) =>
    toTheEnd(async () =>
      (await import('./command/sync.ts')).sync(config(), options, terminal, stopping.signal),
    ),
  )

program
  .command('audit')
  .description('compare the streams with the chain; exit 1 on drift (needs CONTRACT_ID)')
  .option('--stream <id>', 'one stream only')
  .option('--repair', "take the chain's record where a stream is in drift or missing")
  .action((options: { stream?: string; repair?: boolean }) =>
    toTheEnd(async () =>
      (await import('./command/audit.ts')).audit(config(), options, terminal, stopping.signal),
    ),
  )

program
  .command('rebuild')
  .description('refold every stream from the log and decode every event again')
  .action(async () => (await import('./command/rebuild.ts')).rebuild(config(), terminal))

program
  .command('record')
  .description('record ledgers from an RPC as a fixture (needs CONTRACT_ID)')
  .requiredOption('--from <ledger>', 'first ledger', wholeNumber(1, MAX_LEDGER))
  .requiredOption('--to <ledger>', 'last ledger', wholeNumber(1, MAX_LEDGER))
  .requiredOption('--out <file>', 'where to write; gzip when the name ends in .gz')
  .action((options: { from: number; to: number; out: string }) =>
    toTheEnd(async () =>
      (await import('./command/record.ts')).record(config(), options, terminal, stopping.signal),
    ),
  )

program
  .command('simulate')
  .description('serve a recording as a Soroban RPC over HTTP')
  .requiredOption('--fixture <file>', 'the recording')
  .addOption(
    new Option('--speed <factor>', 'times the recorded pace, or max for all ledgers at once')
      .argParser(speed)
      .default(1),
  )
  .option('--port <number>', 'where to listen; 0 for any free one', wholeNumber(0, 65_535), 8_000)
  .option('--faults <file>', 'a script of faults to play (README.md)')
  .action(async (options: { fixture: string; speed: number; port: number; faults?: string }) =>
    (await import('./command/simulate.ts')).simulate(options, terminal, stopping.signal),
  )

program
  .command('status')
  .description('checkpoint, lag, runway, counts and gaps of a database file')
  .action(async () => (await import('./command/status.ts')).status(config(), terminal))

/** Says what ended the program. Answers its exit code. */
function report(thrown: unknown): number {
  const error = explainStorage(thrown, environment['DATABASE_PATH'] || DATABASE_PATH)
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE
  const isUsage = error instanceof UsageError
  const text = error instanceof Error && !isUsage ? error.stack : describeError(error)
  terminal.err.write(`flowfi-indexer: ${text}\n`)
  return isUsage ? EXIT_USAGE : EXIT_FAILED
}

function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

// From a timer, say: a damaged file is explained there too.
process.on('uncaughtException', (error) => process.exit(report(error)))

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
  // What still runs is in an unknown state: a supervisor starts it again.
  if (process.exitCode === EXIT_FAILED) process.exit()
}
