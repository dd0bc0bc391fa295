import { readFile } from 'node:fs/promises'
import { createElement, StrictMode, useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import type { Root } from 'react-dom/client'
import { Balance } from '../../client/examples/balance.tsx'
import { useClaimable, useFeed, useStream, useStreams } from 'flowfi-client/react'
import type { FeedState } from 'flowfi-client'
import { Window } from 'happy-dom'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { getJson, indexed, openSetup } from '../support/daemon.ts'
import type { Setup } from '../support/daemon.ts'
import { lastLedger } from '../support/recorded.ts'
import { loadRecording } from '../support/recordings.ts'
import { until } from '../support/until.ts'

/** The hooks, in components that React renders, over a daemon. */

const recording = await loadRecording('first-steps')
const FIRST = recording.header.firstLedger
const page = new Window()
let setup: Setup
let url = ''
let root: Root
let container: { textContent: string }
let createRoot: typeof import('react-dom/client').createRoot

beforeAll(async () => {
  // React looks for a page when it is loaded.
  Object.assign(globalThis, { window: page, document: page.document })
  ;({ createRoot } = await import('react-dom/client'))
  setup = await openSetup(recording, { simulator: { speed: 0, closed: 5 } })
  url = setup.daemon.url
  await indexed(url, FIRST + 4)
})

afterAll(async () => {
  await setup.close()
  await page.happyDOM.close()
  for (const name of ['window', 'document']) Reflect.deleteProperty(globalThis, name)
})

beforeEach(() => {
  container = page.document.createElement('div')
  root = createRoot(container as unknown as Element)
})

afterEach(async () => {
  root.unmount()
  await until(async () => (await connections()) === 0)
})

/** Waits until the text matches. */
async function seen(pattern: RegExp): Promise<string[]> {
  await until(() => pattern.test(text()))
  return pattern.exec(text())!.slice(1)
}

async function connections(): Promise<number> {
  return (await getJson<{ activeConnections: number }>(`${url}/events/stats`)).activeConnections
}

const text = () => container.textContent
const render = (node: ReactNode) => root.render(node)

describe('hooks', () => {
  test('useStreams, useStream and useClaimable show the same as the daemon, and share a connection', async () => {
    // New objects and functions with each render.
    function All() {
      const { streams, state } = useStreams({ url, all: true, token: undefined })
      return createElement('p', null, `${state} ${streams.length}`)
    }
    function One({ id }: { id: string }) {
      const { stream, error } = useStream(id, { all: true, url })
      const { claimable } = useClaimable(id, { url, all: true })
      const { claimable: later } = useClaimable(id, { url, all: true, at: 4_000_000_000 })
      const shown = [stream?.status, stream?.lastEventId, claimable !== undefined, later, error]
      return createElement('p', null, `|${shown.join(' ')}`)
    }
    const both = [createElement(All, { key: 1 }), createElement(One, { key: 2, id: '1' })]
    render(createElement(StrictMode, null, both))
    expect(text()).toBe('')
    await until(() => text().startsWith('live '))
    const expected = async () => {
      const { data } = await getJson<{ data: Record<string, string>[] }>(`${url}/streams`)
      const [one] = data
      const at = await getJson<{ data: Record<string, string> }>(
        `${url}/streams/1/claimable?at=4000000000`,
      )
      const amount = at.data['claimableAmount']
      return `live ${data.length}|${one!['status']} ${one!['lastEventId']} true ${amount} `
    }
    await until(async () => text() === (await expected()))
    expect(await connections()).toBe(1)
    setup.simulator.closeNext(8)
    await indexed(url, FIRST + 12)
    await until(async () => text() === (await expected()))
    expect(await connections()).toBe(1)
  })

  test('useFeed keeps the last events, and connects again only for other values', async () => {
    const states = new Set<FeedState>()
    const heard: string[] = []
    let rendered = 0
    let rerender = () => {}
    function Events({ types }: { types: 'stream.created'[] | undefined }) {
      const [count, setCount] = useState(0)
      rerender = () => setCount(count + 1)
      const { events, state } = useFeed({
        url,
        all: true,
        from: 'earliest',
        limit: 3,
        types: types && [...types],
        token: () => undefined,
        onEvent: ({ id }) => heard.push(id),
      })
      useEffect(() => void (rendered += 1))
      states.add(state)
      return createElement('p', null, `${count} ${events.map(({ id, type }) => id + type).join()}`)
    }
    const { data } = await getJson<{ data: { id: string; type: string }[] }>(`${url}/events`)
    const last = (events: typeof data) =>
      events
        .slice(-3)
        .map(({ id, type }) => id + type)
        .join()
    render(createElement(Events, { types: undefined }))
    await until(() => text() === `0 ${last(data)}`)
    expect(heard).toEqual(data.map(({ id }) => id))
    const { totalConnections } = await total()
    rerender()
    await until(() => text() === `1 ${last(data)}`)
    expect(await total()).toEqual({ totalConnections })
    // Once for each event would be more.
    expect(rendered).toBeLessThan(data.length)

    const created = data.filter(({ type }) => type === 'stream.created')
    render(createElement(Events, { types: ['stream.created'] }))
    await until(() => text() === `1 ${last(created)}`)
    expect([...states]).toEqual(expect.arrayContaining(['connecting', 'live']))
    expect(await connections()).toBe(1)
  })

  test('the example of the README shows what can be withdrawn, and counts on', async () => {
    const [readme, example] = await Promise.all(
      ['README.md', 'examples/balance.tsx'].map((file) =>
        readFile(new URL(`../../client/${file}`, import.meta.url), 'utf8'),
      ),
    )
    expect(readme).toContain(example)
    const { data } = await getJson<{ data: Record<string, string>[] }>(`${url}/streams`)
    const { streamId, depositedAmount } = data.find(({ status }) => status === 'active')!
    render(createElement(Balance, { id: streamId!, url }))
    const [first] = await seen(/^(\d+) of /)
    expect(text()).toBe(`${first} of ${depositedAmount} can be withdrawn`)
    await until(() => text() !== `${first} of ${depositedAmount} can be withdrawn`)
  })

  test('an error says what went wrong', async () => {
    function Broken() {
      const { state, error, streams } = useStreams({ url, users: ['nobody'] })
      return createElement('p', null, `${state} ${streams.length} ${error?.reason}`)
    }
    render(createElement(Broken))
    await until(() => text() === 'failed 0 refused')
  })

  test('on a server they render as connecting', async () => {
    const { renderToString } = await import('react-dom/server')
    function Server() {
      const { state } = useStreams({ url, all: true })
      return createElement('p', null, state)
    }
    expect(renderToString(createElement(Server))).toBe('<p>connecting</p>')
    expect(lastLedger(recording)).toBeGreaterThan(FIRST)
  })
})

/** Connections that the daemon has ever had. */
async function total(): Promise<{ totalConnections: number }> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  const found = /^flowfi_subscriptions_opened_total (\d+)$/m.exec(metrics)
  return { totalConnections: Number(found![1]) }
}
