import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/**
 * Where a connection is cut: told everything the server has sent on it so far (as latin1), how many
 * bytes of it the client is to get; undefined while it may have all.
 */
export interface Cut {
  where: string
  at(sent: string): number | undefined
  /** A FIN, or a RST, which may take bytes with it that had been passed on already. */
  how: 'end' | 'reset'
}

/** So many bytes behind the nth time that the server sends this text. */
export function cutBehind(text: string, nth: number, plus: number, how: Cut['how'] = 'end'): Cut {
  return {
    where: `${plus} bytes behind the ${nth}th ${JSON.stringify(text)}`,
    how,
    at: (sent) => within(endOfNth(sent, text, nth, 0) + plus, sent),
  }
}

/** The same, counted from where the replay is over. */
export function cutLive(text: string, nth: number, plus: number, how: Cut['how'] = 'end'): Cut {
  return {
    where: `${plus} bytes behind the ${nth}th live ${JSON.stringify(text)}`,
    how,
    at(sent) {
      const live = endOfNth(sent, '\n\n', 1, endOfNth(sent, 'event: caught_up', 1, 0))
      return within(endOfNth(sent, text, nth, live) + plus, sent)
    },
  }
}

/** Infinity while it is not there. */
function endOfNth(sent: string, text: string, nth: number, from: number): number {
  let end = from
  for (let times = 0; times < nth; times += 1) {
    const found = end === Infinity ? -1 : sent.indexOf(text, end)
    if (found === -1) return Infinity
    end = found + text.length
  }
  return end
}

/** Behind so many bytes. */
export function cutAfter(bytes: number, how: Cut['how'] = 'end'): Cut {
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
  /** The clients are gone and nobody tells the server: what it sends is not read either. */
  vanish(): void
  close(): Promise<void>
}

/** Passes bytes on between clients and a server; each connection in turn is cut as the plan says. */
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
