import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** Where and how a connection is cut. */
export interface Cut {
  where: string
  /**
   * How many bytes the client gets of what the server has sent so far (as latin1); undefined if
   * the connection is not cut yet.
   */
  at(sent: string): number | undefined
  /** A FIN, or a RST, which can destroy bytes on the way that were already passed on. */
  how: 'end' | 'reset'
}

/** `plus` bytes after the nth time that the server sends this text. */
export function cutAfterText(
  text: string,
  nth: number,
  plus: number,
  how: Cut['how'] = 'end',
): Cut {
  return {
    where: `${plus} bytes after the ${nth}th ${JSON.stringify(text)}`,
    how,
    at: (sent) => within(endOfNth(sent, text, nth, 0) + plus, sent),
  }
}

/** The same, counted from the end of the replay. */
export function cutLive(text: string, nth: number, plus: number, how: Cut['how'] = 'end'): Cut {
  return {
    where: `${plus} bytes after the ${nth}th live ${JSON.stringify(text)}`,
    how,
    at(sent) {
      const live = endOfNth(sent, '\n\n', 1, endOfNth(sent, 'event: caught_up', 1, 0))
      return within(endOfNth(sent, text, nth, live) + plus, sent)
    },
  }
}

/** Infinity if it has not been sent. */
function endOfNth(sent: string, text: string, nth: number, from: number): number {
  let end = from
  for (let times = 0; times < nth; times += 1) {
    const found = end === Infinity ? -1 : sent.indexOf(text, end)
    if (found === -1) return Infinity
    end = found + text.length
  }
  return end
}

/** Inside an event's data, after so many bytes at least. */
export function cutInEvent(bytes: number): Cut {
  return {
    where: `in an event after ${bytes} bytes`,
    how: 'end',
    at: (sent) => within(endOfNth(sent, '\ndata: ', 1, bytes) + 20, sent),
  }
}

export function cutAfterBytes(bytes: number, how: Cut['how'] = 'end'): Cut {
  return { where: `after ${bytes} bytes`, how, at: (sent) => within(bytes, sent) }
}

function within(offset: number, sent: string): number | undefined {
  return offset <= sent.length ? offset : undefined
}

export interface Proxy {
  url: string
  /** Connections made so far. */
  connections(): number
  /** Cuts that have not been made yet. */
  cutsLeft(): number
  /** Closes the clients without the server noticing: what it sends is no longer read. */
  vanish(): void
  close(): Promise<void>
}

/** Passes bytes between clients and a server; each connection is cut at the next of `cuts`. */
export async function startProxy(target: string, cuts: readonly Cut[] = []): Promise<Proxy> {
  const { hostname, port } = new URL(target)
  const plan = [...cuts]
  const open = new Map<Socket, Socket>()
  const orphans = new Set<Socket>()
  let connections = 0

  const server = createServer((client) => {
    connections += 1
    const upstream = connect({ host: hostname, port: Number(port) })
    const cut = plan[0]
    open.set(client, upstream)
    let sent = ''
    let passed = 0
    for (const socket of [client, upstream]) socket.on('error', () => {})
    client.on('close', () => {
      open.delete(client)
      if (!orphans.has(upstream)) upstream.destroy()
    })
    client.on('data', (bytes) => upstream.write(bytes))
    client.on('end', () => upstream.end())
    upstream.on('end', () => client.end())
    upstream.on('close', () => client.destroySoon())
    upstream.setEncoding('latin1')
    upstream.on('data', (text: string) => {
      sent += text
      const until = plan[0] === cut ? cut?.at(sent) : undefined
      const part = sent.slice(passed, until)
      passed += part.length
      if (until === undefined) {
        client.write(part, 'latin1')
        return
      }
      plan.shift()
      upstream.removeAllListeners('data').destroy()
      client.write(part, 'latin1', () => {
        if (cut?.how === 'reset') client.resetAndDestroy()
        else client.destroySoon()
      })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    cutsLeft: () => plan.length,
    vanish() {
      for (const [client, upstream] of open) {
        orphans.add(upstream)
        upstream.removeAllListeners('end').removeAllListeners('close').pause()
        client.destroy()
      }
    },
    async close() {
      for (const [client, upstream] of open) {
        client.destroy()
        upstream.destroy()
      }
      for (const orphan of orphans) orphan.destroy()
      const gone = once(server, 'close')
      server.close()
      await gone
    },
  }
}
