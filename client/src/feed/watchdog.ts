/** Notices a line that has gone silent: a dead connection says nothing, for hours if need be. */
export interface Watchdog {
  /** Something has come. */
  alive(): void
  /** The daemon sends something at least this often. */
  expect(heartbeatSeconds: number): void
  /** Nothing is read for now, so silence means nothing. */
  pause(isPaused: boolean): void
  /** There is reason for doubt: one heartbeat must be enough. */
  doubt(): void
  stop(): void
}

/** The daemon's default, until it has said its own. */
const HEARTBEAT_MS = 15_000
const SILENT_HEARTBEATS = 3
/** A heartbeat can come late. */
const GRACE_MS = 3_000

export function createWatchdog(dead: (silentMs: number) => void): Watchdog {
  let heartbeatMs = HEARTBEAT_MS
  let last = Date.now()
  let isDoubted = false
  let timer: ReturnType<typeof setTimeout> | undefined
  plan()

  function limit(): number {
    return isDoubted ? heartbeatMs + GRACE_MS : SILENT_HEARTBEATS * heartbeatMs
  }

  /** A byte costs no timer: the timer looks when it is due, and waits for the rest. */
  function plan(): void {
    clearTimeout(timer)
    timer = setTimeout(look, Math.max(0, last + limit() - Date.now()))
  }

  function look(): void {
    const silentMs = Date.now() - last
    if (silentMs >= limit()) dead(silentMs)
    else plan()
  }

  return {
    alive() {
      last = Date.now()
      isDoubted = false
    },
    expect(heartbeatSeconds) {
      heartbeatMs = heartbeatSeconds * 1_000
      plan()
    },
    pause(isPaused) {
      if (isPaused) clearTimeout(timer)
      else plan()
    },
    doubt() {
      isDoubted = true
      plan()
    },
    stop: () => clearTimeout(timer),
  }
}
