/** What a browser tells about its network and its page; Node tells nothing. */
export interface Surroundings {
  isOffline(): boolean
  stop(): void
}

/** The parts of a browser, so that this also compiles and runs where there is none. */
interface Target {
  addEventListener?(type: string, listener: () => void): void
  removeEventListener?(type: string, listener: () => void): void
}
interface Browser extends Target {
  document?: Target & { visibilityState: string }
  navigator?: { onLine?: boolean }
}

/** `renewed`: the network has come back. `seen`: someone looks at the page again. */
export function watchSurroundings({
  renewed,
  seen,
}: {
  renewed(): void
  seen(): void
}): Surroundings {
  const browser = globalThis as unknown as Browser
  const { document: page, navigator } = browser
  let wasOffline = false
  const listeners: [Target | undefined, string, () => void][] = [
    [browser, 'offline', () => void (wasOffline = true)],
    [browser, 'online', () => (wasOffline ? renewed() : seen())],
    [browser, 'pageshow', seen],
    [page, 'resume', seen],
    [page, 'visibilitychange', () => page?.visibilityState === 'visible' && seen()],
  ]
  for (const [target, type, listener] of listeners) target?.addEventListener?.(type, listener)

  return {
    isOffline: () => navigator?.onLine === false,
    stop() {
      for (const [target, type, listener] of listeners)
        target?.removeEventListener?.(type, listener)
    },
  }
}
