import { createApi } from 'flowfi-client'
import { expect, onTestFinished, test } from 'vitest'
import { indexed, setUp } from '../support/daemon.ts'
import { lastLedger } from '../support/recorded.ts'
import { loadRecording } from '../support/recordings.ts'
import { startIssuer } from '../support/tokens.ts'

const recording = await loadRecording('first-steps')

test('createApi answers data or a problem, and asks a token function again after a 401', async () => {
  const issuer = await startIssuer()
  onTestFinished(issuer.close)
  const { daemon } = await setUp(recording, { env: issuer.env })
  const { url } = daemon
  await indexed(url, lastLedger(recording))
  const good = await issuer.tokenOf('observer', { scope: 'events:all' })
  const tokens = ['expired', good]
  let asked = 0
  const token = async () => tokens[Math.min((asked += 1), tokens.length) - 1]
  const api = createApi({ url: `${url}/`, token })

  const { data } = await api.GET('/streams', {
    params: { query: { streams: ['1', '2'], limit: 1, order: 'desc' } },
  })
  expect(data!.data.map(({ streamId }) => streamId)).toEqual(['2'])
  expect(data!.asOf!.ledger).toBe(lastLedger(recording))
  expect(asked).toBe(2)
  const unknown = await api.GET('/streams/{id}', { params: { path: { id: '999' } } })
  expect(unknown.error!.detail).toContain('999')
  expect(unknown.response.status).toBe(404)

  const ticket = await createApi({ url, token: good }).POST('/auth/ticket')
  expect(ticket.data!.data.ticket).not.toBe('')
  const refused = await createApi({ url, token: () => 'bad' }).GET('/summary')
  expect([refused.response.status, refused.error!.status]).toEqual([401, 401])
})
