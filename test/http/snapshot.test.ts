import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COPIED_TABLES, tablesOf } from '../../src/snapshot/copy.ts'
import { openStoreForReading } from '../../src/store/store.ts'
import { getJson, openSetup } from '../support/daemon.ts'
import type { Setup } from '../support/daemon.ts'
import { loadRecording, memoryStore } from '../support/recordings.ts'
import { ADMIN_TOKEN } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const BEARER = { authorization: `Bearer ${ADMIN_TOKEN}` }
const recording = await loadRecording('busy')

test('every table is copied', () => {
  expect(tablesOf(memoryStore().sqlite).filter((name) => !COPIED_TABLES.has(name))).toEqual([])
})

describe('GET /admin/snapshot', () => {
  let setup: Setup
  let folder: string
  let path: string
  let url: string

  beforeAll(async () => {
    const simulator = { speed: 0, closed: 600 }
    setup = await openSetup(recording, { simulator, env: { ADMIN_TOKEN } })
    url = `${setup.daemon.url}/admin/snapshot`
    path = setup.env['DATABASE_PATH']!
    folder = await mkdtemp(join(tmpdir(), 'flowfi-snapshot-'))
    const store = openStoreForReading(path)
    await until(() => (store.coverage.checkpoint()?.ledger ?? 0) >= setup.simulator.latestLedger())
    store.close()
  })
  afterAll(async () => {
    await setup.close()
    await rm(folder, { recursive: true })
  })

  /** The copies beside the database. */
  const copies = () => readdirSync(dirname(path)).filter((name) => name.includes('.snapshot-'))
  const none = () => until(() => copies().length === 0)

  /** The answer, of which nothing has been read. */
  async function open(): Promise<IncomingMessage> {
    const request = get(url, { headers: BEARER, agent: false })
    request.on('error', () => {})
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return response.on('error', () => {}).pause()
  }

  test('is the whole database at one position while it is being written', async () => {
    const other = new Database(path)
    other.exec('create table noise (at)')
    let commits = 0
    const writing = setInterval(() => {
      other.exec('insert into noise values (1)')
      commits += 1
    }, 1)
    const response = await fetch(url, { headers: BEARER })
    const bytes = Buffer.from(await response.arrayBuffer())
    clearInterval(writing)
    other.exec('drop table noise')
    other.close()
    expect(commits).toBeGreaterThan(0)
    const sha256 = createHash('sha256').update(bytes).digest('base64')
    expect([response.status, Object.fromEntries(response.headers)]).toMatchObject([
      200,
      {
        'content-type': 'application/vnd.sqlite3',
        'content-length': String(bytes.length),
        'repr-digest': `sha-256=:${sha256}:`,
        'x-flowfi-cursor': expect.stringMatching(/^\d{19}-\d{10}$/),
        'cache-control': 'no-store',
      },
    ])
    const copy = join(folder, 'copy.db')
    writeFileSync(copy, bytes)
    const store = openStoreForReading(copy)
    expect(store.coverage.checkpoint()?.cursor).toBe(response.headers.get('x-flowfi-cursor'))
    store.close()
    const sqlite = new Database(copy, { readonly: true })
    expect(sqlite.pragma('integrity_check', { simple: true })).toBe('ok')
    const rows = sqlite.prepare('select count(*) from events').pluck().get()
    expect(rows).toBe(sqlite.prepare('select sum(count) from event_counts').pluck().get())
    sqlite.close()
    await none()
  })

  test('has no consumer and no secret in it', async () => {
    const other = new Database(path)
    other.exec(`create table consumers (name text, secret text)`)
    other.prepare('insert into consumers values (?, ?)').run('books', 'whsec_nobody_may_read_this')
    const response = await fetch(url, { headers: BEARER })
    const bytes = Buffer.from(await response.arrayBuffer())
    other.exec('drop table consumers')
    other.close()
    expect(bytes.includes('CREATE TABLE consumers')).toBe(true)
    expect(bytes.includes('nobody_may_read_this')).toBe(false)
  })

  test('answers HEAD like GET, without a body', async () => {
    const response = await fetch(url, { method: 'HEAD', headers: BEARER })
    expect([response.status, await response.text()]).toEqual([200, ''])
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(1_000_000)
    expect(response.headers.get('repr-digest')).toMatch(/^sha-256=:[\w+/]{43}=:$/)
    await none()
  })

  test('needs an administrator, and takes no parameter', async () => {
    const anybody = await fetch(url)
    expect([anybody.status, anybody.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    expect((await fetch(`${url}?full=true`, { headers: BEARER })).status).toBe(400)
    expect(copies()).toEqual([])
  })

  test('P8: two copies exist at once, and clients that vanish leave none behind', async () => {
    const [vanishing, slow] = await Promise.all([open(), open()])
    expect([vanishing.statusCode, slow.statusCode]).toEqual([200, 200])
    expect(copies()).toHaveLength(2)
    const refused = await fetch(url, { headers: BEARER })
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10'])
    expect(await refused.json()).toMatchObject({ detail: expect.stringContaining('try again') })
    // Neither holds the daemon up.
    const { lagLedgers } = await getJson<{ lagLedgers: number }>(`${setup.daemon.url}/ready`)
    expect(lagLedgers).toBeTypeOf('number')
    vanishing.destroy()
    await until(() => copies().length === 1)
    let received = 0
    for await (const chunk of slow) received += (chunk as Buffer).length
    expect(String(received)).toBe(slow.headers['content-length'])
    await none()
    // A client that leaves before there is an answer.
    const leaving = get(url, { headers: BEARER, agent: false }).on('error', () => {})
    // If the answer comes first, it is not read.
    leaving.on('response', (response) => response.on('error', () => {}).pause())
    await until(() => copies().length > 0)
    leaving.destroy()
    await none()
  })

  test('removes what a killed process has left', async () => {
    writeFileSync(`${path}.snapshot-99999999-1`, 'half a copy')
    writeFileSync(`${path}.snapshot-99999999-1-journal`, '')
    await (await fetch(url, { headers: BEARER })).arrayBuffer()
    await none()
  })
})

test('an empty database is not copied', async () => {
  const setup = await openSetup(recording, {
    simulator: { speed: 0, closed: 0 },
    env: { ADMIN_TOKEN, RPC_URL: 'http://127.0.0.1:9' },
  }).catch((error: unknown) => error)
  if (setup instanceof Error) throw setup
  const { daemon, close } = setup as Setup
  const refused = await fetch(`${daemon.url}/admin/snapshot`, { headers: BEARER })
  await close()
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
})
