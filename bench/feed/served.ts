import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { growLog } from '../database.ts'
import { startWorker } from './calls.ts'
import type { Worker } from './calls.ts'
import type { OpenArgument } from './clients.child.ts'
import type { CommitArgument } from './served.child.ts'
import type { Tally } from './tally.ts'
import type { FeedStats } from '../../src/feed/stats.ts'

/** A server that is measured: ours or a rival's. */
export interface Served {
  port: number
  /** CPU time so far, in microseconds. */
  cpu(): Promise<number>
  /** Resident memory in bytes, after a garbage collection if there is one. */
  rss(): Promise<number>
  /** Sends events at once. `at`: when it began, in milliseconds of the machine's clock. */
  commit(argument: CommitArgument): Promise<{ at: number; ids: string[] }>
  stop(): Promise<void>
}

export interface Ours extends Served {
  stats(): Promise<FeedStats>
  /** Commits events every `everyMs`, until `stopCommitting`. */
  keepCommitting(argument: CommitArgument & { everyMs: number }): Promise<void>
  stopCommitting(): Promise<void>
}

/** Our server, on a database with at least so many events. */
export async function startOurs(
  folder: string,
  { events = 2_000, lane = 'lean' }: { events?: number; lane?: 'lean' | 'http' } = {},
): Promise<Ours> {
  const base = join(folder, `base-${events}.db`)
  const known = bases.get(base) ?? growLog(base, events)
  bases.set(base, known)
  const { contractId, networkPassphrase } = await known
  const path = join(folder, `feed-${(copies += 1)}.db`)
  await copyFile(base, path)
  const worker = startWorker(new URL('./served.child.ts', import.meta.url), [
    path,
    contractId,
    networkPassphrase,
    lane,
  ])
  return {
    ...(await served(worker)),
    stats: () => worker.call('stats'),
    keepCommitting: (argument) => worker.call('keepCommitting', argument),
    stopCommitting: () => worker.call('stopCommitting'),
  }
}

const bases = new Map<string, ReturnType<typeof growLog>>()
let copies = 0

export async function startRival(name: string): Promise<Served> {
  return served(startWorker(new URL('./rival.child.ts', import.meta.url), [name]))
}

async function served(worker: Worker): Promise<Served> {
  return {
    port: await worker.call<number>('port'),
    cpu: () => worker.call('cpu'),
    rss: () => worker.call('rss'),
    commit: (argument) => worker.call('commit', argument),
    stop: worker.stop,
  }
}

export interface Received {
  messages: number
  /** When each chunk with messages arrived, in milliseconds of the machine's clock. */
  arrivals: number[]
}

/** What a client has received, and whether its connection is still open. */
export interface Position extends Tally {
  lastId: string
  open: boolean
}

/** Clients of any server, in their own process. */
export interface Clients {
  /** Returns how many connections were cut before the first byte and opened again, by cause. */
  open(argument: Omit<OpenArgument, 'path'> & { path?: string }): Promise<Record<string, number>>
  /** Counts messages from zero again, and from now on the clients that have `events` in all. */
  mark(events?: number): Promise<void>
  /** Waits for so many messages. Returns what arrived, also if time is up. */
  received(total: number, timeoutMs?: number): Promise<Received>
  /** Waits until so many clients have the number of events given to `mark`. Returns how many do. */
  untilComplete(clients: number, timeoutMs?: number): Promise<number>
  read(group: string, on: boolean): Promise<void>
  close(group: string, how?: 'fin' | 'rst'): Promise<void>
  forget(group: string, count: number): Promise<void>
  tallies(group: string): Promise<Position[]>
  stop(): Promise<void>
}

export const EVERYTHING = '/events/subscribe?all=true'

export function startClients(): Clients {
  const worker = startWorker(new URL('./clients.child.ts', import.meta.url))
  return {
    open: (argument) => worker.call('open', { path: EVERYTHING, ...argument }),
    mark: (events) => worker.call('mark', { events }),
    received: (total, timeoutMs = 60_000) => worker.call('received', { total, timeoutMs }),
    untilComplete: (clients, timeoutMs = 60_000) =>
      worker.call('untilComplete', { clients, timeoutMs }),
    read: (group, on) => worker.call('read', { group, on }),
    close: (group, how = 'fin') => worker.call('close', { group, how }),
    forget: (group, count) => worker.call('forget', { group, count }),
    tallies: (group) => worker.call('tallies', { group }),
    stop: worker.stop,
  }
}
