import { readFileSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { demo } from '../../src/command/demo.ts'
import { createEventList } from '../../src/command/event-list.ts'
import { parseConfig } from '../../src/config/config.ts'
import { recordedIds } from '../support/recorded.ts'
import { loadRecording } from '../support/recordings.ts'

const recording = await loadRecording('lively')

/** The demo in this process. Every ledger is closed from the start. */
async function play(interactive: boolean) {
  const stopping = new AbortController()
  const out = new PassThrough()
  let text = ''
  out.on('data', (bytes: Buffer) => (text += bytes.toString()))
  const terminal = { out, err: new PassThrough(), interactive }
  const config = parseConfig({ PORT: '0' })
  const ended = demo(
    { config, terminal, version: '0.0.0', signal: stopping.signal },
    { speed: Infinity },
  )
  const stop = async () => {
    stopping.abort()
    await ended
  }
  onTestFinished(stop)
  await expect.poll(() => text).toContain('The recording has ended')
  const [, url = ''] = /on (http:\/\/localhost:\d+)\n/.exec(text) ?? []
  return { text: () => text, url, stop }
}

const isEvent = (line: string) => /^ {2}\d{7} {2}(stream|protocol)\./.test(line)

test('the demo prints every event, then its banner again, then that the recording has ended', async () => {
  const { text, url, stop } = await play(false)
  const lines = text().split('\n')
  expect(lines.filter(isEvent)).toHaveLength(recordedIds(recording).length)
  const banners = lines.flatMap((line, index) => (line.startsWith('FlowFi indexer') ? [index] : []))
  expect(banners).toHaveLength(2)
  // Nothing comes after the end, and the end comes after the last event.
  expect(lines.findLastIndex(isEvent)).toBeLessThan(banners[1]!)
  expect(text().indexOf('The recording has ended')).toBeGreaterThan(text().lastIndexOf('Try, in'))
  // The text is true, and its example of a resume works.
  const status = (await (await fetch(`${url}/status`)).json()) as { counts: { events: number } }
  expect(status.counts.events).toBe(recordedIds(recording).length)
  expect((await fetch(`${url}/ready`)).status).toBe(200)
  const [, position = ''] = /Last-Event-ID: (\S+)'/.exec(text()) ?? []
  expect(await firstFrames(`${url}/events/subscribe?all=true`, position)).toContain(
    'event: stream.',
  )
  await stop()
  expect(text()).toMatch(/The demo has ended; its data is gone\.\n$/)
})

test('the README shows what the demo prints', async () => {
  const { text, url } = await play(false)
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const [, shown = ''] = /```\n(FlowFi indexer demo[^]*?)```/.exec(readme) ?? []
  const lines = shown.replaceAll('http://localhost:3001', url).split('\n')
  expect(lines.length).toBeGreaterThan(10)
  expect(text().split('\n')).toEqual(expect.arrayContaining(lines))
})

test('every curl of the README works against the demo', async () => {
  const { url } = await play(false)
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const lines = [...readme.matchAll(/^curl (.*?)(?: #.*)?$/gm)]
    .map(([, line = '']) => line)
    // The demo has no administrator.
    .filter((line) => !line.includes('ADMIN_TOKEN'))
  expect(lines.length).toBeGreaterThan(12)
  for (const line of lines) {
    const [, path = ''] = /'?localhost:3001([^']*)'?/.exec(line) ?? []
    const [, position] = /-H 'Last-Event-ID: (\S+)'/.exec(line) ?? []
    const [, body] = /--json '([^']*)'/.exec(line) ?? []
    if (!line.startsWith('-N')) {
      expect([line, (await fetch(`${url}${path}`)).status]).toEqual([line, 200])
      continue
    }
    const text = await firstFrames(`${url}${path}`, position, body)
    expect([line, text.includes('event: reset')]).toEqual([line, false])
    if (position !== undefined) expect(text).toContain('event: stream.')
  }
})

/** What a subscription sends, up to its first named frame. */
async function firstFrames(url: string, position?: string, body?: string): Promise<string> {
  const leaving = new AbortController()
  const response = await fetch(url, {
    headers: {
      ...(position !== undefined && { 'last-event-id': position }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { method: 'POST', body }),
    signal: leaving.signal,
  })
  expect([url, response.status]).toEqual([url, 200])
  let text = ''
  for await (const bytes of response.body!) {
    text += Buffer.from(bytes as Uint8Array).toString()
    if (text.includes('event: ')) break
  }
  leaving.abort()
  return text
}

test('a terminal shows the newest few events, in place', () => {
  const written: string[] = []
  const out = Object.assign(new PassThrough(), { columns: 40 })
  out.on('data', (bytes: Buffer) => written.push(bytes.toString()))
  const list = createEventList({ out, err: new PassThrough(), interactive: true })
  for (let ledger = 1; ledger <= 20; ledger += 1) {
    list.add({ ledger, type: 'stream.withdrawn', streamId: '7', amount: '1'.repeat(100) })
  }
  const [first = '', ...others] = written
  expect(first.split('\n')).toHaveLength(3)
  const last = others.at(-1)!
  // It redraws the same lines, and none is so long that a terminal would wrap it.
  expect(last.startsWith('\x1b[9A\r\x1b[J')).toBe(true)
  const lines = last.slice('\x1b[9A\r\x1b[J'.length).trimEnd().split('\n')
  expect(lines).toHaveLength(9)
  expect(lines[0]).toMatch(/^ {2}13 {2}stream\.withdrawn/)
  expect(lines.at(-1)).toBe('  20 events so far')
  for (const line of lines) expect(line.length).toBeLessThan(40)
})
