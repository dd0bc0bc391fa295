import { Keypair, TransactionBuilder } from '@stellar/stellar-sdk'
import { expect, test } from 'vitest'
import { environment, simulate } from '../support/daemon.ts'
import { launchServer, temporaryFolder } from '../support/process.ts'
import { loadRecording } from '../support/recordings.ts'

const recording = await loadRecording('first-steps')
const TIMES = 10

interface Request {
  method?: string
  body?: URLSearchParams
  headers?: Record<string, string>
}

/** Sends the same request over as many connections, which the system spreads over the workers. */
async function send(url: string, init: Request = {}): Promise<Response[]> {
  const headers = { ...init.headers, connection: 'close' }
  return Promise.all(Array.from({ length: TIMES }, () => fetch(url, { ...init, headers })))
}

test('a signed challenge and a ticket work once over all workers, a token with each of them', async () => {
  const simulator = await simulate(recording)
  const rpcUrl = simulator.url
  const databasePath = `${await temporaryFolder()}/shared.db`
  const daemon = await launchServer(['start', '--workers', '2'], {
    ...environment(recording, { rpcUrl, databasePath }),
    AUTH: 'jwt',
    JWT_SECRET: 'a secret of at least thirty-two bytes',
    SEP10_SIGNING_KEY: Keypair.random().secret(),
    HOME_DOMAIN: 'flow.example.com',
  })
  const { url } = daemon
  const user = Keypair.random()
  const challenge = await fetch(`${url}/auth?account=${user.publicKey()}`)
  const given = (await challenge.json()) as { transaction: string }
  const signed = TransactionBuilder.fromXDR(given.transaction, recording.header.network.passphrase)
  signed.sign(user)

  const answers = await send(`${url}/auth`, {
    method: 'POST',
    body: new URLSearchParams({ transaction: signed.toXDR() }),
  })
  const statuses = answers.map(({ status }) => status).toSorted()
  expect(statuses).toEqual([200, ...Array.from({ length: TIMES - 1 }, () => 400)])
  const accepted = answers.find(({ status }) => status === 200)!
  const { token } = (await accepted.json()) as { token: string }

  const headers = { authorization: `Bearer ${token}` }
  const lists = await send(`${url}/streams`, { headers })
  expect(lists.map(({ status }) => status)).toEqual(lists.map(() => 200))

  const response = await fetch(`${url}/auth/ticket`, { method: 'POST', headers })
  const { data } = (await response.json()) as { data: { ticket: string } }
  const feeds = await send(`${url}/events/subscribe?all=true&ticket=${data.ticket}`)
  const opened = feeds.map(({ status }) => status).toSorted()
  expect(opened).toEqual([200, ...Array.from({ length: TIMES - 1 }, () => 401)])
  for (const { body } of feeds) await body?.cancel()
  await daemon.stop()
})
