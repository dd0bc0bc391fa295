import { CommanderError } from 'commander'
import { UsageError } from '../domain/errors.ts'
import { explainStorage } from '../store/storage-error.ts'

const EXIT_FAILED = 1
const EXIT_USAGE = 2

export interface Failure {
  exitCode: number
  /** What to print; undefined if it was printed already. */
  text: string | undefined
}

/** Says what ended the program. Only an internal error shows its stack. */
export function explainFailure(thrown: unknown, databasePath: string): Failure {
  const error = explainStorage(thrown, databasePath)
  if (error instanceof CommanderError) {
    // It is thrown after `--help` and `--version` too, with the exit code 0.
    return { exitCode: error.exitCode === 0 ? 0 : EXIT_USAGE, text: undefined }
  }
  if (error instanceof UsageError) return { exitCode: EXIT_USAGE, text: error.message }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { exitCode: EXIT_FAILED, text }
}
