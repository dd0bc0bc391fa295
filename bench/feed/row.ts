import { startNchan } from './nchan.ts'
import { startClients, startRival } from './served.ts'
import type { Clients, Served } from './served.ts'

/** One line of the table: our figure, and those of others in the same run. */
export interface Row {
  name: string
  ours: string
  floor: string
  ratio: string
  rivals: string
  target: string
}

export interface Setting {
  folder: string
  subscriptions: number
  soakMinutes: number
}

export type Bench = (setting: Setting) => Promise<Row[]>

/** A line with empty cells for what is not given. */
export function rowOf(row: Partial<Row> & Pick<Row, 'name' | 'ours'>): Row {
  return { floor: '', ratio: '', rivals: '', target: '', ...row }
}

const FLOOR = 'bare socket'
const RIVALS: [name: string, start: () => Promise<Served | undefined>][] = [
  [FLOOR, startFloor],
  ['streamSSE', () => startRival('honoStreamSse')],
  ['better-sse', () => startRival('betterSse')],
  ['nchan', startNchan],
]

export function startFloor(): Promise<Served> {
  return startRival('bareSocket')
}

/** Measures with a server and new clients, and ends both. */
export async function using<S extends Served, T>(
  start: () => Promise<S>,
  measure: (server: S, clients: Clients) => Promise<T>,
): Promise<T> {
  const server = await start()
  const clients = startClients()
  try {
    return await measure(server, clients)
  } finally {
    // The server first: the side that closes a connection first keeps its port for a minute.
    await server.stop()
    await clients.stop()
  }
}

export interface Rivals {
  floor: number
  /** Names and figures of the others, as text. */
  text: string
}

export async function ofRivals(
  measure: (server: Served, clients: Clients) => Promise<number>,
  digits: number,
): Promise<Rivals> {
  let floor = Number.NaN
  const texts: string[] = []
  for (const [name, start] of RIVALS) {
    const server = await start()
    if (server === undefined) {
      texts.push(`${name} not installed`)
      continue
    }
    try {
      const figure = await using(() => Promise.resolve(server), measure)
      if (name === FLOOR) floor = figure
      else texts.push(`${name} ${figure.toFixed(digits)}`)
    } catch (error) {
      // A rival that fails is a result, too.
      process.stderr.write(`${name}: ${String(error)}\n`)
      texts.push(`${name} failed`)
    }
  }
  return { floor, text: texts.join(', ') }
}
