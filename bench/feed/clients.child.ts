/** Thousands of clients in one process. They must be cheap, and must count exactly. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { answerCalls, monotonic } from './calls.ts'
import { ID_LENGTH, summed } from './tally.ts'
import type { Tally } from './tally.ts'

interface Client {
  socket: Socket
  number: number
  /** Of everything received, over all reconnections. */
  tally: Tally
  lastId: string
  /** Something was received on this connection. */
  begun: boolean
  leaving: boolean
  /** The start of a block whose end was not received yet. */
  tail: Buffer | undefined
}

export interface OpenArgument {
  port: number
  count: number
  /** `#` is replaced by the client's number. */
  path: string
  /** The number of the first client; default 1. */
  first?: number
  group: string
  /** Each client resumes from its position when the group was closed. */
  resume?: boolean
  /** All at once, instead of some hundreds at a time. */
  atOnce?: boolean
}

const groups = new Map<string, Client[]>()
/** Closed clients, by group and number. */
const gone = new Map<string, Client>()
let messages = 0
let arrivals: number[] = []
/** How many clients have received `events` events in all, over their reconnections. */
let enough = { events: Infinity, clients: 0 }
let waiting: { over: () => boolean; done: () => void } | undefined
/** How many connections were cut before the first byte, by cause. */
const cuts: Record<string, number> = {}
const AGAIN_MS = 200
const BATCH = 200
const BLOCK_END = Buffer.from('\n\n')
/** A space may follow in a rival's frames. */
const EVENT = Buffer.from('event:')
const ID = Buffer.from('\nid: ')
const SPACE = 0x20
/** First letters of frames that are no events: our control frames, and the rivals' greetings. */
const CONTROL = new Set(Buffer.from('crm'))
const CR = 0x0d
/** The length of the line end after an HTTP chunk. */
const CHUNK_END = 2

function take(client: Client, chunk: Buffer): void {
  const bytes = client.tail === undefined ? chunk : Buffer.concat([client.tail, chunk])
  const end = bytes.lastIndexOf(BLOCK_END)
  const through = end === -1 ? 0 : end + BLOCK_END.length
  const over = bytes.length - through
  // The end of a chunk carries nothing. A copy, because a slice would keep the whole buffer alive.
  const nothing = over === 0 || (over <= CHUNK_END && bytes[through] === CR)
  client.tail = nothing ? undefined : Buffer.from(bytes.subarray(through))
  if (end === -1) return
  const before = messages
  const countBefore = client.tally.count
  for (let at = bytes.indexOf(EVENT); at !== -1 && at < end;) {
    const first = bytes[at + EVENT.length] ?? 0
    const letter = first === SPACE ? (bytes[at + EVENT.length + 1] ?? 0) : first
    if (!CONTROL.has(letter)) {
      messages += 1
      const id = bytes.indexOf(ID, at) + ID.length
      client.tally.sum = summed(client.tally.sum, bytes, id)
      client.tally.count += 1
    }
    at = bytes.indexOf(EVENT, at + EVENT.length)
  }
  const last = bytes.lastIndexOf(ID, end)
  if (last !== -1) {
    const from = last + ID.length
    client.lastId = bytes.toString('latin1', from, from + ID_LENGTH)
  }
  if (messages === before) return
  arrivals.push(monotonic())
  if (countBefore < enough.events && client.tally.count >= enough.events) enough.clients += 1
  if (waiting?.over() === true) waiting.done()
}

async function until(over: () => boolean, timeoutMs: number): Promise<void> {
  if (over()) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const late = setTimeout(resolve, timeoutMs)
  waiting = { over, done: resolve }
  await promise
  clearTimeout(late)
  waiting = undefined
}

function open(argument: OpenArgument, number: number): Promise<void> {
  const { port, path, group, resume = false } = argument
  const before = resume ? gone.get(`${group} ${number}`) : undefined
  const { promise, resolve } = Promise.withResolvers<void>()
  const localAddress = `127.0.0.${1 + (number % 8)}`
  const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true })
  const { tally = { count: 0, sum: 0 }, lastId = '' } = before ?? {}
  const client: Client = {
    socket,
    number,
    tally,
    lastId,
    begun: false,
    leaving: false,
    tail: undefined,
  }
  const began = monotonic()
  let why = 'not connected'
  socket.on('error', (error: NodeJS.ErrnoException) => (why = error.code ?? error.message))
  socket.on('close', () => {
    if (client.begun || client.leaving) return
    // A real client whose connection was cut before the answer tries again.
    const cause = `${why} after ${((monotonic() - began) / 1_000).toFixed(0)} s`
    cuts[cause] = (cuts[cause] ?? 0) + 1
    const clients = groups.get(group) ?? []
    clients.splice(clients.indexOf(client), 1)
    setTimeout(() => resolve(open(argument, number)), AGAIN_MS)
  })
  socket.once('connect', () => {
    why = 'connected'
    const header = before === undefined ? '' : `Last-Event-ID: ${lastId}\r\n`
    socket.write(
      `GET ${path.replace('#', String(number))} HTTP/1.1\r\nHost: localhost:${port}\r\n${HEADERS}${header}\r\n`,
      () => {
        why = 'asked'
      },
    )
  })
  socket.once('data', () => {
    client.begun = true
    resolve()
  })
  socket.on('data', (chunk) => take(client, chunk))
  const clients = groups.get(group)
  if (clients === undefined) groups.set(group, [client])
  else clients.push(client)
  return promise
}

/** The headers that a browser sends. */
const HEADERS =
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36\r\n' +
  'Accept: text/event-stream\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9\r\nCache-Control: no-store\r\n'

answerCalls({
  async open(argument: OpenArgument) {
    const { count, first = 1, atOnce = false } = argument
    const opened: Promise<void>[] = []
    for (let from = first; from < first + count; from += BATCH) {
      const length = Math.min(BATCH, first + count - from)
      for (let at = 0; at < length; at += 1) opened.push(open(argument, from + at))
      // All at once does not mean in step: each client asks as soon as it is connected.
      await (atOnce ? setImmediate() : Promise.all(opened))
    }
    await Promise.all(opened)
    return cuts
  },
  /** Forgets what was received; the next messages are counted from zero. */
  mark({ events = Infinity }: { events?: number }) {
    messages = 0
    arrivals = []
    enough = { events, clients: 0 }
  },
  /** Waits for so many messages. Returns when each chunk of them arrived. */
  async received({ total, timeoutMs }: { total: number; timeoutMs: number }) {
    await until(() => messages >= total, timeoutMs)
    return { messages, arrivals }
  },
  /** Waits until so many clients have the number of events given to `mark`. Returns how many do. */
  async untilComplete({ clients, timeoutMs }: { clients: number; timeoutMs: number }) {
    await until(() => enough.clients >= clients, timeoutMs)
    return enough.clients
  },
  read({ group, on }: { group: string; on: boolean }) {
    for (const { socket } of groups.get(group) ?? []) {
      if (on) socket.resume()
      else socket.pause()
    }
  },
  close({ group, how }: { group: string; how: 'fin' | 'rst' }) {
    for (const client of groups.get(group) ?? []) {
      gone.set(`${group} ${client.number}`, client)
      client.leaving = true
      if (how === 'rst') client.socket.resetAndDestroy()
      else client.socket.destroy()
    }
    groups.delete(group)
  },
  /** Forgets a closed group. */
  forget({ group, count }: { group: string; count: number }) {
    for (let number = 1; number <= count; number += 1) gone.delete(`${group} ${number}`)
  },
  tallies: ({ group }: { group: string }) =>
    (groups.get(group) ?? []).map(({ tally, lastId, socket }) => ({
      ...tally,
      lastId,
      open: socket.readable,
    })),
})
