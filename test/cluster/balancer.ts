import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** Passes TCP connections on, to one port after another; a port that refuses is passed over. */
export interface Balancer {
  port: number
  /** Breaks every connection and takes no other until it is mended. */
  cut(): void
  mend(): void
}

export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const open = new Set<Socket>()
  let turn = 0
  let isCut = false

  function pass(client: Socket, left: number): void {
    const port = ports[turn % ports.length]!
    turn += 1
    const server = connect(port, '127.0.0.1')
    const refused = () => {
      if (left > 1 && !client.destroyed) pass(client, left - 1)
      else client.destroy()
    }
    server.once('error', refused)
    server.once('connect', () => {
      server.off('error', refused)
      join(client, server)
    })
  }

  const server = createServer((client) => {
    client.on('error', () => {})
    open.add(client)
    client.once('close', () => open.delete(client))
    if (isCut) client.destroy()
    else pass(client, ports.length)
  })
  await listen(server)
  const cut = () => {
    isCut = true
    for (const client of open) client.destroy()
  }
  onTestFinished(() => {
    cut()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    mend() {
      isCut = false
    },
  }
}

/** What ends one of them ends the other. */
function join(client: Socket, server: Socket): void {
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    one.on('error', () => {})
    one.once('close', () => other.destroy())
  }
  if (client.destroyed) server.destroy()
  client.pipe(server).pipe(client)
}

async function listen(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
}
