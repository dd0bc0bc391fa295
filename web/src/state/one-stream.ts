import { signal } from '@preact/signals'
import { get, Refused } from './api.ts'
import type { Explanation, List, One, Step, Stream, StreamEvent } from './shapes.ts'

/** Everything about the stream that is looked at. */

export interface Details {
  id: string
  stream: Stream
  /** Oldest first. */
  steps: Step[]
  /** There are more steps than are shown. */
  isCut: boolean
  /** Newest first. */
  events: StreamEvent[]
}

export const details = signal<Details | undefined>(undefined)
/** Why there are none. */
export const refusal = signal<string | undefined>(undefined)

const STEPS = 1_000
const EVENTS = 200

let reading = ''
let isRead = true

/** Reads the stream, again if an event has come meanwhile. */
export async function look(id: string): Promise<void> {
  if (details.peek()?.id !== id) {
    details.value = undefined
    refusal.value = undefined
  }
  isRead = false
  if (reading === id) return
  reading = id
  while (!isRead && reading === id) {
    isRead = true
    await read(id)
  }
  if (reading === id) reading = ''
}

async function read(id: string): Promise<void> {
  try {
    const [one, explained, events] = await Promise.all([
      get<One<Stream>>(`/streams/${id}`),
      get<Explanation>(`/streams/${id}/explain?limit=${STEPS}`),
      get<List<StreamEvent>>(`/streams/${id}/events?order=desc&limit=${EVENTS}`),
    ])
    if (reading !== id) return
    details.value = {
      id,
      stream: one.data,
      steps: explained.data.steps,
      isCut: explained.nextCursor !== null,
      events: events.data,
    }
    refusal.value = undefined
  } catch (error) {
    if (reading !== id) return
    const isGone = error instanceof Refused && error.status === 404
    refusal.value = isGone
      ? `There is no stream ${id} here.`
      : `Stream ${id} could not be read: ${error instanceof Error ? error.message : String(error)}`
  }
}
