import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import type { Token } from '../feed/options.ts'
import type { Leases } from './leases.ts'
import type { Latest } from './stores.ts'

/** Connections of components. Options count by value: an equal object does not reconnect. */

interface Store {
  subscribe(listener: () => void): () => void
  close(): void
}

interface Kind<S extends Store, O> {
  leases: Leases<Held<S, O>>
  open(latest: Latest<O>): S
}

export interface Held<S, O> {
  store: S
  latest: Latest<O>
  close(): void
}

/** Undefined before the component is mounted, on a server too. */
export function useStore<S extends Store, O extends { token?: Token | undefined }>(
  { leases, open }: Kind<S, O>,
  options: O,
): S | undefined {
  const key = useKey(options)
  const latest = useRef(options)
  const [taken, setTaken] = useState<{ key: string; held: Held<S, O> }>()
  useEffect(() => {
    latest.current = options
    if (taken !== undefined && taken.key === key) taken.held.latest.current = options
  })
  useEffect(() => {
    const lease = leases.take(key, () => {
      const own: Latest<O> = { current: latest.current }
      const store = open(own)
      return { store, latest: own, close: store.close }
    })
    setTaken({ key, held: lease.of })
    return lease.giveBack
  }, [key, leases, open])
  return taken?.key === key ? taken.held.store : undefined
}

const functions = new WeakMap<object, number>()
let known = 0

/** Functions of equal text can belong to different users, so equal means the same one. */
function identify(token: unknown): number {
  if (typeof token !== 'function') return 0
  const number = functions.get(token) ?? (known += 1)
  functions.set(token, number)
  return number
}

/**
 * Equal for equal options. A component can give another token function with each render: the one
 * of the first render stands for them.
 */
function useKey(options: { token?: Token | undefined }): string {
  const parts = Object.entries(options).filter(([, part]) => typeof part !== 'function')
  const value = JSON.stringify([typeof options.token, ...parts.filter(isGiven).sort(byName)])
  return useMemo(() => `${identify(options.token)} ${value}`, [value])
}

function isGiven([, part]: [string, unknown]): boolean {
  return part !== undefined
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1
}

/** What the component shows of the store. It is rendered again when one of these has changed. */
export function useSelected<S extends Store, R extends object>(
  store: S | undefined,
  { select, idle, tickMs }: { select(store: S): R; idle: R; tickMs?: number },
): R {
  const last = useRef<R>(idle)
  const get = (): R => {
    const now = store === undefined ? idle : select(store)
    if (!isEqual(last.current, now)) last.current = now
    return last.current
  }
  const subscribe = useMemo(
    () => (listener: () => void) => {
      const stop = store?.subscribe(listener)
      const timer = tickMs === undefined ? undefined : setInterval(listener, tickMs)
      return () => {
        stop?.()
        clearInterval(timer)
      }
    },
    [store, tickMs],
  )
  return useSyncExternalStore(subscribe, get, get)
}

function isEqual<R extends object>(a: R, b: R): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof R & string>
  for (const name of names) if (!Object.is(a[name], b[name])) return false
  return true
}
