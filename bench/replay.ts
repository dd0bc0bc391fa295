import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { eventBlock } from '../src/feed/frame.ts'
import { createLog } from '../src/store/read/log.ts'
import { growLog } from './database.ts'
import { run } from './processes.ts'
import type { Child } from './processes.ts'
import { median, thousands } from './table.ts'
import type { Figure } from './table.ts'

const EVENTS = 400_000
const ROUNDS = 5
const FLOOR_PAGE = 128

/** One client that missed everything replays it over a real socket. */
export async function replay(folder: string): Promise<Figure[]> {
  const path = join(folder, 'replay.db')
  const { contractId, networkPassphrase, events } = await growLog(path, EVENTS)
  const daemon = run(['bench/daemon.child.ts', path, contractId, networkPassphrase], {}, 0)
  const url = new URL(await daemon.line())
  const memory = watchMemory(daemon)
  const ours: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(events / (await read(Number(url.port), 'event: caught_up')))
  }
  const growth = memory.peak() - memory.first()
  await daemon.stop()

  const floor = await measureFloor(path, events)
  return [
    {
      name: `replay of ${thousands(events)} events to one client, events/s`,
      value: thousands(median(ours)),
      floor: thousands(median(floor)),
      ratio: (median(ours) / median(floor)).toFixed(2),
      target: '≥ 100,000',
    },
    {
      name: 'memory that it takes (growth of RSS), MiB',
      value: (growth / 2 ** 20).toFixed(0),
      floor: '',
      ratio: '',
      target: '',
    },
  ]
}

/** Seconds until `mark` arrives. */
function read(port: number, mark: string): Promise<number> {
  const began = performance.now()
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /events/subscribe?all=true&cursor=earliest HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  let tail = Buffer.alloc(0)
  socket.on('error', reject).on('data', (chunk) => {
    // The mark may be split between two chunks.
    if (Buffer.concat([tail, chunk]).includes(mark)) {
      resolve((performance.now() - began) / 1_000)
      socket.destroy()
    }
    tail = Buffer.from(chunk.subarray(-mark.length))
  })
  return promise
}

/** The floor: a bare socket writes the same bytes, which were encoded before. */
async function measureFloor(path: string, events: number): Promise<number[]> {
  const sqlite = new Database(path, { readonly: true })
  const log = createLog(sqlite)
  const pages: Buffer[] = []
  let after: string | undefined
  do {
    const filter = { streams: [], users: [], types: undefined }
    const { entries, next } = log.page({ filter, after, limit: FLOOR_PAGE })
    pages.push(Buffer.from(entries.map(eventBlock).join('')))
    after = next
  } while (after !== undefined)
  sqlite.close()
  const server = createServer((socket) => {
    socket.once('data', () => send(socket, pages))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const rates: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    rates.push(events / (await read(port, 'event: caught_up')))
  }
  server.close()
  return rates
}

function send(socket: Socket, pages: readonly Buffer[]): void {
  let next = 0
  const more = () => {
    while (next < pages.length) {
      const page = pages[next]
      next += 1
      if (page !== undefined && !socket.write(page)) return
    }
    socket.end('event: caught_up\n')
  }
  socket.on('drain', more).on('error', () => socket.destroy())
  more()
}

function watchMemory(child: Child) {
  let first = 0
  let peak = 0
  void (async () => {
    for (;;) {
      const rss = Number(await child.line())
      first ||= rss
      peak = Math.max(peak, rss)
    }
  })().catch(() => {})
  return { first: () => first, peak: () => peak }
}
