/**
 * Clients that keep their connections and send one request after the other. Arguments: the daemon's
 * URL, the number of subscriptions to hold open. Then each line of the input is a JSON array of
 * targets; the answer is one line: requests a second, and milliseconds of each request.
 */
import { connect } from 'node:net'
import { createInterface } from 'node:readline'

const [url = '', subscriptions = '0'] = process.argv.slice(2)
const port = Number(new URL(url).port)
const CONNECTIONS = 8
const MS = 400

function subscribe(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' })
  socket.write('GET /events/subscribe?all=true HTTP/1.1\r\nHost: x\r\n\r\n')
  socket.once('data', () => resolve()).on('data', () => {})
  return promise
}

/** Asks until the time is over; returns the milliseconds of each request. */
function ask(targets: readonly string[], { first, end }: { first: number; end: number }) {
  const { promise, resolve, reject } = Promise.withResolvers<number[]>()
  const times: number[] = []
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let number = first
  let began = 0
  let received = ''
  function next(): void {
    if (performance.now() > end) {
      socket.destroy()
      return resolve(times)
    }
    began = performance.now()
    received = ''
    number += 1
    socket.write(`GET ${targets[number % targets.length]} HTTP/1.1\r\nHost: x\r\n\r\n`)
  }
  socket.setEncoding('latin1').on('error', reject).on('connect', next)
  socket.on('data', (part: string) => {
    received += part
    const head = received.indexOf('\r\n\r\n')
    if (head === -1) return
    const [, length = ''] = /\r\ncontent-length: (\d+)\r\n/i.exec(received) ?? []
    if (!received.startsWith('HTTP/1.1 200 ') || length === '') {
      return reject(new Error(received.slice(0, 300)))
    }
    if (received.length < head + 4 + Number(length)) return
    times.push(performance.now() - began)
    next()
  })
  return promise
}

for (let opened = 0; opened < Number(subscriptions); opened += 1) await subscribe()
process.stdout.write('ready\n')
for await (const line of createInterface({ input: process.stdin })) {
  const targets = JSON.parse(line) as string[]
  const began = performance.now()
  const asked = Array.from({ length: CONNECTIONS }, (_, connection) =>
    ask(targets, { first: connection * 37, end: began + MS }),
  )
  const times = (await Promise.all(asked)).flat()
  const perSecond = (times.length * 1_000) / (performance.now() - began)
  process.stdout.write(`${JSON.stringify({ perSecond, times })}\n`)
}
