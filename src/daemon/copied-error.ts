import { UsageError } from '../domain/errors.ts'

/** An error as plain data: structured cloning between threads would lose its class. */
export interface CopiedError {
  isUsage: boolean
  message: string
  stack: string | undefined
}

export function copyError(error: unknown): CopiedError {
  if (!(error instanceof Error)) return { isUsage: false, message: String(error), stack: undefined }
  return { isUsage: error instanceof UsageError, message: error.message, stack: error.stack }
}

export function restoreError({ isUsage, message, stack }: CopiedError): Error {
  if (isUsage) return new UsageError(message)
  const error = new Error(message)
  if (stack !== undefined) error.stack = stack
  return error
}
