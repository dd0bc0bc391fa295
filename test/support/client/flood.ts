import { once } from 'node:events'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** More events than all buffers between hold: no recording has that many. */
export interface Flood {
  url: string
  /** Nothing more could be sent for a while: the client has stopped reading. */
  isHeld(): boolean
  sent(): number
  close(): Promise<void>
}

/** A client that reads never leaves it so long without room. */
const HELD_MS = 500

export function idOf(number: number): string {
  return `${String(number + 1).padStart(19, '0')}-0000000000`
}

export async function startFlood(count: number): Promise<Flood> {
  let heldAt = Infinity
  let sent = 0
  const server = createServer((_request, answer) => {
    answer.writeHead(200, { 'Content-Type': 'text/event-stream' })
    const cursor = `${'0'.repeat(19)}-0000000000`
    const connected = { type: 'connected', cursor, head: cursor, heartbeatSeconds: 15, types: [] }
    answer.write(`retry: 1000\ndata: ${JSON.stringify(connected)}\nid: ${cursor}\n\n`)
    void send(answer)
  })

  async function send(answer: ServerResponse): Promise<void> {
    for (let number = 0; number < count; number += 1) {
      sent += 1
      const [id, type] = [idOf(number), 'stream.created']
      const data = JSON.stringify({ id, type, padding: 'x'.repeat(500) })
      if (answer.write(`event: ${type}\ndata: ${data}\nid: ${id}\n\n`)) continue
      heldAt = performance.now()
      await once(answer, 'drain')
      heldAt = Infinity
    }
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    isHeld: () => performance.now() - heldAt > HELD_MS,
    sent: () => sent,
    async close() {
      const gone = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await gone
    },
  }
}
