import { readFileSync } from 'node:fs'
import { UsageError } from '../domain/errors.ts'
import type { Env } from './env.ts'

/**
 * Secrets that come from files, as containers get them: `JWT_SECRET_FILE` names the file with the
 * value of `JWT_SECRET`.
 */

const SUFFIX = '_FILE'

export function fileVariableOf(name: string): string {
  return name + SUFFIX
}

/** The environment, with the secrets from files in it. Throws UsageError if one cannot be read. */
export function readSecretFiles(env: Env, names: readonly string[]): Env {
  const read = names.flatMap((name) => {
    const file = fileVariableOf(name)
    const path = env[file]
    // Compose files set a variable to the empty text to say "not set".
    if (path === undefined || path === '') return []
    if (env[name]) {
      throw new UsageError(`${name} and ${file} are both set: leave one of them out`)
    }
    return [[name, readSecret(file, path)] as const]
  })
  return { ...env, ...Object.fromEntries(read) }
}

function readSecret(variable: string, path: string): string {
  let text: string
  try {
    // Editors end a file with a line break, which is not part of the secret.
    text = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch (cause) {
    throw new UsageError(
      `${variable}=${JSON.stringify(path)} cannot be read (${reasonOf(cause)}): expected a file with the secret`,
      { cause },
    )
  }
  if (text !== '') return text
  throw new UsageError(
    `${variable}=${JSON.stringify(path)} is empty: expected a file with the secret`,
  )
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
}
