/** Clients that ask for as much as the limits allow. Arguments: the daemon's URL and its database. */
import { Agent, request } from 'node:http'
import Database from 'better-sqlite3'

const [url = '', path = ''] = process.argv.slice(2)
const CLIENTS = 10
const WIDE_REPLAYS = 10
const FULL_REPLAYS = 200

const sqlite = new Database(path, { readonly: true })
const pluck = (query: string) => sqlite.prepare(query).pluck().all() as string[]
const streams = pluck('select stream_id from streams order by random() limit 2000')
const users = pluck('select distinct sender from streams limit 50').concat(
  pluck('select distinct recipient from streams limit 50'),
)
const [whale = ''] = pluck('select sender from streams group by 1 order by count(*) desc limit 1')
const [token = ''] = pluck('select token_address from streams group by 1 order by count(*) limit 1')
sqlite.close()

const wide = `limit=1000&streams=${streams.slice(0, 500).join()}`
const asked = [
  `/events?${wide}&users=${users.slice(0, 50).join()}&types=stream.completed`,
  `/events?${wide}&users=${users.slice(0, 50).join()}&types=stream.cancelled&order=desc`,
  `/events?${wide}&users=${users.slice(0, 50).join()}`,
  `/events?limit=1000&users=${users.join()}&types=protocol.initialized,stream.completed`,
  `/users/${whale}/summary`,
  `/streams?sender=${whale}&token=${token}&sort=deposited&limit=200`,
]

/** Each kind of client has its own address. */
const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS, localAddress: '127.0.0.2' })

function ask(number: number): void {
  const target = `${url}${asked[number % asked.length]}`
  const call = request(target, { agent }, (response) => {
    answered[response.statusCode ?? 0] = (answered[response.statusCode ?? 0] ?? 0) + 1
    response.resume().on('end', () => ask(number + 1))
  })
  call.on('error', () => setTimeout(ask, 100, number)).end()
}

function replay(localAddress: string, body: Record<string, unknown>): void {
  const again = () => setTimeout(replay, 100, localAddress, body)
  const call = request(
    `${url}/events/subscribe`,
    { method: 'POST', localAddress, headers: { 'content-type': 'application/json' } },
    (response) => {
      response.on('data', (part: Buffer) => {
        // The next replay starts from the beginning again.
        if (part.includes('event: caught_up')) response.destroy()
      })
      response.on('error', () => {}).on('close', again)
    },
  )
  call.on('error', () => {}).end(JSON.stringify({ ...body, cursor: 'earliest' }))
}

const answered: Record<number, number> = {}
for (let client = 0; client < CLIENTS; client += 1) ask(client)
for (let each = 0; each < WIDE_REPLAYS; each += 1) {
  replay('127.0.0.3', { streams, users: users.slice(0, 50), types: ['stream.completed'] })
}
for (let each = 0; each < FULL_REPLAYS; each += 1) replay('127.0.0.4', { all: true })
process.on('SIGUSR2', () => process.stdout.write(`${JSON.stringify(answered)}\n`))
process.stdout.write('asking\n')
