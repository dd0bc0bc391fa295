import { computed, signal } from '@preact/signals'
import { claimableAt } from './accrual.ts'
import { bearer, get, repeat } from './api.ts'
import { isOnline } from './place.ts'
import type { List, Stream, StreamEvent, StreamStatus } from './shapes.ts'

/**
 * The streams that the page knows: the newest ones, what a search has found, and every stream of
 * which an event came. A stream that has changed is read again, so what is shown is the daemon's
 * own record.
 */

/** As many as one answer holds. */
const PAGE = 200
/** Read at the start. Older ones are found by searching. */
const AT_START = 1_000
/** More are forgotten, those that have not changed for the longest time first. */
const MOST = 5_000
const CHANGES_MS = 1_000

const known = new Map<string, Stream>()
/** Moves when `known` changes. */
const version = signal(0)
export const isComplete = signal(false)
export const loadError = signal<string | undefined>(undefined)

export interface Wanted {
  search: string
  status: StreamStatus | ''
  token: string
}

export const wanted = signal<Wanted>({ search: '', status: '', token: '' })

export function want(change: Partial<Wanted>): void {
  wanted.value = { ...wanted.peek(), ...change }
}

/** Undefined if the page has not read it. */
export function knownStream(id: string): Stream | undefined {
  void version.value
  return known.get(id)
}

function keep(streams: readonly Stream[]): void {
  for (const stream of streams) {
    // At the end of the order of the map.
    known.delete(stream.streamId)
    known.set(stream.streamId, stream)
  }
  for (const id of known.keys()) {
    if (known.size <= MOST) break
    known.delete(id)
  }
  if (streams.length > 0) version.value += 1
}

/** What is wanted of what is known, newest first. */
export const shown = computed((): Stream[] => {
  void version.value
  const matches = matcher(wanted.value)
  const found = [...known.values()].filter(matches)
  return found.sort((a, b) => compareIds(b.streamId, a.streamId))
})

function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : Number(a > b))
}

function matcher({ search, status, token: address }: Wanted): (stream: Stream) => boolean {
  const text = search.trim().replace(/^#/, '').toUpperCase()
  return (stream) =>
    (status === '' || stream.status === status) &&
    (address === '' || stream.tokenAddress === address) &&
    (text === '' ||
      (/^\d+$/.test(text)
        ? stream.streamId.startsWith(text)
        : [stream.sender, stream.recipient, stream.tokenAddress].some((at) => at.includes(text))))
}

/** The sum of what could be withdrawn of a token; undefined while not every stream is known. */
export function claimableOf(tokenAddress: string, time: number): bigint | undefined {
  void version.value
  if (!isComplete.value) return undefined
  let sum = 0n
  for (const stream of known.values()) {
    if (stream.tokenAddress === tokenAddress) sum += claimableAt(stream, time)
  }
  return sum
}

const changed = new Set<string>()

/** A stream has changed: it is read again soon. */
export function noticeEvent({ streamId }: StreamEvent): void {
  if (streamId !== undefined) changed.add(streamId)
}

async function readChanged(): Promise<void> {
  const ids = [...changed].slice(0, PAGE)
  if (ids.length === 0) return
  const { data } = await get<List<Stream>>(`/streams?limit=${PAGE}&streams=${ids.join(',')}`)
  // Only what was read is done; an event that came meanwhile has asked again.
  for (const id of ids) changed.delete(id)
  keep(data)
}

/** Reads everything again: at the start, and when what was read before does not count any more. */
export async function loadStreams(): Promise<void> {
  try {
    isComplete.value = false
    let cursor: string | null = null
    for (let read = 0; read < AT_START; read += PAGE) {
      const after: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const page: List<Stream> = await get(`/streams?sort=created&order=desc&limit=${PAGE}${after}`)
      keep(page.data)
      cursor = page.nextCursor
      if (cursor === null) break
    }
    isComplete.value = cursor === null
    loadError.value = undefined
  } catch (error) {
    loadError.value = error instanceof Error ? error.message : String(error)
  }
}

/** What is wanted may be older than what was read at the start. */
async function find({ search, status, token: address }: Wanted): Promise<void> {
  if (isComplete.peek()) return
  const text = search.trim().replace(/^#/, '').toUpperCase()
  const query = new URLSearchParams({ sort: 'created', order: 'desc', limit: String(PAGE) })
  if (status !== '') query.set('status', status)
  if (address !== '') query.set('token', address)
  if (/^\d{1,20}$/.test(text)) query.set('streams', text)
  else if (/^[GC][A-Z2-7]{55}$/.test(text)) query.set('user', text)
  keep((await get<List<Stream>>(`/streams?${query.toString()}`)).data)
}

const TYPING_MS = 250
const RETRY_MS = 5_000

export function watchStreams(): void {
  repeat(readChanged, CHANGES_MS, () => isOnline.value)
  repeat(
    async () => {
      if (loadError.peek() !== undefined) await loadStreams()
    },
    RETRY_MS,
    () => isOnline.value,
  )
  bearer.subscribe(() => void loadStreams())
  let timer: ReturnType<typeof setTimeout> | undefined
  wanted.subscribe((now) => {
    clearTimeout(timer)
    timer = setTimeout(() => void find(now).catch(() => {}), TYPING_MS)
  })
}
