import { Command, InvalidArgumentError, Option } from 'commander'
import { listVariables, parseConfig, variableNames } from '../config/config.ts'
import type { Config } from '../config/config.ts'
import { findMisspelt } from '../config/misspelt.ts'
import { readVersion } from '../config/version.ts'
import { MAX_LEDGER } from '../domain/cursor.ts'
import { UsageError } from '../domain/errors.ts'
import type { Invocation } from './invocation.ts'
import type { Terminal } from './terminal.ts'

/**
 * The command line: every command, its options and its help text. The code of a command is loaded
 * when that command runs, so that `--help` and small commands start fast.
 *
 * start, serve, demo, simulate    run until a signal ends them
 * sync, audit, rebuild, record, status    end when their work is done
 * invocation    what every command is given
 * failure       an error as text and exit code
 * terminal      where commands write, and how they log
 * progress, event-list    what a person sees while a command runs
 */

/** What the process gives to the program. */
export interface Surroundings {
  environment: Readonly<Record<string, string | undefined>>
  terminal: Terminal
  /** Aborts when a signal asks the program to end. */
  signal: AbortSignal
  /** The exit code for work that a signal has interrupted; undefined before any signal. */
  interrupted(): number | undefined
}

/** Node reads the file, so its own option comes before the program. */
const WITH_FILE = `npx node --env-file=.env ${import.meta.url.endsWith('.ts') ? 'src/main.ts start' : 'node_modules/.bin/flowfi-indexer start'}`

interface Context extends Omit<Invocation, 'config'> {
  /** Reads and checks the environment. Throws UsageError. */
  invocation(): Invocation
  /** Runs work that ends by itself, and keeps its exit code. */
  finish(work: Promise<number | void>): Promise<void>
}

/**
 * Runs the command that the process's arguments name. Returns its exit code. Throws CommanderError
 * if the arguments are wrong, or if they ask for help.
 */
export async function runProgram(surroundings: Surroundings): Promise<number> {
  const { environment, terminal, signal, interrupted } = surroundings
  const program = new Command('flowfi-indexer')
    .description(
      `Indexes the FlowFi payment-streaming contract on Stellar and serves it over REST and Server-Sent Events.\nConfigured by environment variables: "start --help" lists them. They can be read from a file:\n${WITH_FILE}`,
    )
    .version(readVersion())
    .exitOverride()
    .configureOutput({ writeErr: (text) => terminal.err.write(text) })
  let exitCode = 0
  const base = { terminal, version: readVersion(), signal }
  const context: Context = {
    ...base,
    invocation: () => ({ ...base, config: readConfig(environment, terminal) }),
    async finish(work) {
      try {
        exitCode = (await work) ?? 0
      } catch (error) {
        if (interrupted() === undefined || error instanceof UsageError) throw error
      }
      // Interrupted work is not done, whatever it returned.
      exitCode = interrupted() ?? exitCode
    },
  }
  declareServers(program, context)
  declareTasks(program, context)
  await program.parseAsync()
  return exitCode
}

/** Commands that run until a signal ends them, which is no failure. */
function declareServers(program: Command, context: Context): void {
  program
    .command('start')
    .description('index and serve: the daemon (needs CONTRACT_ID)')
    .option('--fresh', 'begin a new log; the old file is renamed, not deleted')
    .option(
      '--workers <number>',
      'serve from this many extra processes on the same port',
      wholeNumber(1, 64),
    )
    .addHelpText('after', describeVariables)
    .action(async (options: { fresh?: boolean; workers?: number }) =>
      (await import('./start.ts')).start(context.invocation(), options),
    )

  program
    .command('serve')
    .description('serve a database that another process writes; several can share a port')
    .addOption(new Option('--worker <of>').argParser(wholeNumber(1, 64)).hideHelp())
    .addOption(new Option('--port <number>').argParser(wholeNumber(0, 65_535)).hideHelp())
    .action(async (options: { worker?: number; port?: number }) =>
      (await import('./serve.ts')).serve(context.invocation(), options),
    )

  program
    .command('demo')
    .description('play recorded ledgers through the whole pipe; needs no network')
    .action(async () => (await import('./demo.ts')).demo(context.invocation()))

  program
    .command('simulate')
    .description('serve a recording as a Soroban RPC over HTTP')
    .requiredOption('--fixture <file>', 'the recording')
    .addOption(
      new Option('--speed <factor>', 'times the recorded pace, or max for all ledgers at once')
        .argParser(speed)
        .default(1),
    )
    .option('--port <number>', 'port to listen on; 0: any free port', wholeNumber(0, 65_535), 8_000)
    .option('--faults <file>', 'a script of faults to play (README.md)')
    .action(async (options: { fixture: string; speed: number; port: number; faults?: string }) =>
      (await import('./simulate.ts')).simulate(context, options),
    )
}

/** Commands that end when their work is done. */
function declareTasks(program: Command, { invocation, finish }: Context): void {
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
      'give up, with exit code 1, after this long without progress',
      wholeNumber(1, 604_800),
      600,
    )
    .action(async (options: { from?: number; timeout: number }) => {
      const { sync } = await import('./sync.ts')
      await finish(sync(invocation(), options))
    })

  program
    .command('audit')
    .description('compare the streams with the chain; exit 1 on drift (needs CONTRACT_ID)')
    .option('--stream <id>', 'one stream only')
    .option('--repair', "take the chain's record of each stream that is in drift or missing")
    .action(async (options: { stream?: string; repair?: boolean }) => {
      const { audit } = await import('./audit.ts')
      await finish(audit(invocation(), options))
    })

  program
    .command('rebuild')
    .description('fold every stream again from the log, and decode every event again')
    .action(async () => (await import('./rebuild.ts')).rebuild(invocation()))

  program
    .command('record')
    .description('record ledgers from an RPC as a fixture (needs CONTRACT_ID)')
    .requiredOption('--from <ledger>', 'first ledger', wholeNumber(1, MAX_LEDGER))
    .requiredOption('--to <ledger>', 'last ledger', wholeNumber(1, MAX_LEDGER))
    .requiredOption('--out <file>', 'file to write; compressed if its name ends in .gz')
    .action(async (options: { from: number; to: number; out: string }) => {
      const { record } = await import('./record.ts')
      await finish(record(invocation(), options))
    })

  program
    .command('status')
    .description('checkpoint, lag, runway, counts and gaps of a database file')
    .option(
      '--digest',
      'only one hash over log and state, equal for databases with the same content',
    )
    .action(async (options: { digest?: boolean }) =>
      (await import('./status.ts')).status(invocation(), options),
    )
}

function readConfig(environment: Surroundings['environment'], terminal: Terminal): Config {
  // A worker has the environment of its supervisor, which has warned already.
  if (process.send === undefined) {
    for (const { found, meant } of findMisspelt(environment, variableNames())) {
      terminal.err.write(
        `flowfi-indexer: ${found} is not a variable of this program; did you mean ${meant}?\n`,
      )
    }
  }
  return parseConfig(environment)
}

function describeVariables(): string {
  const lines = listVariables().map(({ name, fallback = '', description }) => {
    const shown = fallback === '' ? '' : ` (default: ${fallback})`
    return `  ${name.padEnd(30)} ${description}${shown}`
  })
  return `
Environment variables; README.md gives bounds and meaning:
${lines.join('\n')}

To read them from a file: ${WITH_FILE}`
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
