import type { FeedEvent } from '../api/shapes.ts'
import type { FeedError } from './errors.ts'
import type { Frame } from './frames.ts'

/**
 * From the line to the application. Listeners and the iterator get the same frames in the same
 * order. Once iteration has begun, frames wait in a queue until the application asks for them;
 * before that nothing waits.
 */
export interface Delivery {
  push(frame: Frame): void
  /** Settles when the queue has room; undefined: it has. */
  full(): Promise<void> | undefined
  /** The position after everything that the application has got. */
  cursor(): string | undefined
  /** The first line has connected there. */
  startAt(cursor: string): void
  iterator(): AsyncIterableIterator<FeedEvent, undefined>
  /** Nothing more will come: iteration ends, after an error by throwing it. */
  end(error?: FeedError): void
  /** More may come after all. */
  reopen(): void
}

const MOST_QUEUED = 1_000
const DONE = { done: true, value: undefined } as const

interface Waiting {
  of: symbol
  resolve(result: IteratorResult<FeedEvent, undefined>): void
  reject(error: FeedError): void
}

export function createDelivery({
  start,
  deliver,
  rewind,
}: {
  /** Undefined if only the first line can tell. */
  start: string | undefined
  /** To the listeners. */
  deliver(frame: Frame): void
  /** Asks for everything after this position again. */
  rewind(cursor: string): void
}): Delivery {
  let queue: Frame[] = []
  let waiting: Waiting[] = []
  let hasBegun = false
  /** Something has gone by that an iterator will want. */
  let hasPassed = false
  let cursor = start
  /** What listeners have heard. After a rewind they must not hear it again. */
  let heard = ''
  let ended: { error: FeedError | undefined } | undefined
  let room: Room | undefined

  function handOver(frame: Frame): void {
    const { kind, body } = frame
    if (kind === 'event') {
      cursor = body.id
      if (body.id <= heard) return
      heard = body.id
    } else if ('cursor' in body) {
      cursor = body.cursor
      if (kind === 'reset') heard = body.cursor
    }
    deliver(frame)
  }

  function pump(): void {
    while (waiting.length > 0) {
      const frame = queue.shift()
      if (frame === undefined) break
      const waiter = frame.kind === 'event' ? waiting.shift() : undefined
      handOver(frame)
      if (frame.kind === 'event') waiter?.resolve({ done: false, value: frame.body })
    }
    if (queue.length < MOST_QUEUED) {
      room?.open()
      room = undefined
    }
    if (ended !== undefined && queue.length === 0) settle()
  }

  function settle(): void {
    const left = waiting
    waiting = []
    for (const { resolve, reject } of left) {
      if (ended?.error === undefined) resolve(DONE)
      else reject(ended.error)
    }
  }

  function begin(): void {
    if (hasBegun) return
    hasBegun = true
    if (hasPassed && start !== undefined && ended === undefined) {
      cursor = start
      rewind(start)
    }
  }

  return {
    push(frame) {
      if (ended !== undefined) return
      if (hasBegun) {
        // Positions without events between them: only the last one counts.
        if (frame.kind === 'cursor' && queue.at(-1)?.kind === 'cursor') queue.pop()
        queue.push(frame)
        pump()
      } else {
        hasPassed ||= frame.kind === 'event' || frame.kind === 'reset'
        handOver(frame)
      }
    },
    full() {
      if (queue.length < MOST_QUEUED || ended !== undefined) return undefined
      room ??= createRoom()
      return room.opened
    },
    cursor: () => cursor,
    startAt(position) {
      start ??= position
    },
    iterator() {
      begin()
      const of = Symbol('iterator')
      let isOver = false
      return {
        next() {
          if (isOver) return Promise.resolve(DONE)
          return new Promise((resolve, reject) => {
            waiting.push({ of, resolve, reject })
            pump()
          })
        },
        return() {
          isOver = true
          const mine = waiting.filter((each) => each.of === of)
          waiting = waiting.filter((each) => each.of !== of)
          for (const { resolve } of mine) resolve(DONE)
          return Promise.resolve(DONE)
        },
        [Symbol.asyncIterator]() {
          return this
        },
      }
    },
    end(error) {
      ended = { error }
      if (error === undefined) queue = []
      pump()
    },
    reopen() {
      ended = undefined
    },
  }
}

interface Room {
  opened: Promise<void>
  open(): void
}

/** `Promise.withResolvers` is younger than the browsers that we want. */
function createRoom(): Room {
  const room: Partial<Room> = {}
  room.opened = new Promise<void>((resolve) => {
    room.open = resolve
  })
  return room as Room
}
