/**
 * An object whose functions, and those of the objects in it, are at each call those of the current
 * object. Who keeps a part of it goes on with the next object when that takes the place of this one.
 */
export function forward<T extends object>(current: () => T): T {
  const entries = Object.entries(current()).map(([name, value]: [string, unknown]) => {
    const read = () => (current() as Record<string, unknown>)[name]
    if (typeof value === 'function') {
      return [name, (...args: unknown[]) => (read() as (...given: unknown[]) => unknown)(...args)]
    }
    const isPart = typeof value === 'object' && value !== null
    return [name, isPart ? forward(read as () => object) : value]
  })
  return Object.fromEntries(entries) as T
}
