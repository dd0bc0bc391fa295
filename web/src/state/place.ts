import { computed, signal } from '@preact/signals'

/** Where the daemon is, and what the address bar says. */

/** Without a slash at its end. A proxy may serve the daemon under a prefix. */
export const DAEMON = location.origin + location.pathname.replace(/\/[^/]*$/, '')

const hash = signal(location.hash)
addEventListener('hashchange', () => (hash.value = location.hash))

export type Place = { at: 'home' } | { at: 'stream'; id: string }

export const place = computed((): Place => {
  const [, id] = /^#\/streams\/(\d{1,20})$/.exec(hash.value) ?? []
  return id === undefined ? { at: 'home' } : { at: 'stream', id }
})

export function streamLink(id: string): string {
  return `#/streams/${id}`
}

/** Who looks at another window needs nothing new. */
export const isVisible = signal(document.visibilityState === 'visible')
document.addEventListener('visibilitychange', () => {
  isVisible.value = document.visibilityState === 'visible'
})

export const isOnline = signal(navigator.onLine)
addEventListener('online', () => (isOnline.value = true))
addEventListener('offline', () => (isOnline.value = false))
