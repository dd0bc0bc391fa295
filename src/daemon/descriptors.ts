import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'

/** Files besides subscriptions: the database, its readers, RPCs, the log, other connections. */
const OTHERS = 200

export interface DescriptorOptions {
  maxSubscriptions: number
  logger: Logger
  /** The text of /proc/self/limits. */
  limits?: string | undefined
}

/** Warns if the system allows fewer open files than the subscriptions need. */
export function warnOfFewDescriptors({
  maxSubscriptions,
  logger,
  limits = readLimits(),
}: DescriptorOptions): void {
  const limit = limits === undefined ? undefined : openFiles(limits)
  if (limit === undefined || limit >= maxSubscriptions + OTHERS) return
  logger.warn(
    { limit, needed: maxSubscriptions + OTHERS, maxSubscriptions },
    'too few open files are allowed: raise the limit (ulimit -n, LimitNOFILE) or lower MAX_SUBSCRIPTIONS',
  )
}

/** Undefined on other systems than Linux. */
function readLimits(): string | undefined {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return undefined
  }
}

function openFiles(limits: string): number | undefined {
  const [, soft] = /^Max open files +(\d+|unlimited)/m.exec(limits) ?? []
  if (soft === undefined || soft === 'unlimited') return undefined
  return Number(soft)
}
