/** A promise that can be settled from outside, and that nobody has to wait for. */
export interface Ready {
  promise: Promise<void>
  resolve(): void
  reject(error: Error): void
}

export function createReady(): Ready {
  const ends: Partial<Omit<Ready, 'promise'>> = {}
  const promise = new Promise<void>((resolve, reject) => Object.assign(ends, { resolve, reject }))
  promise.catch(() => {})
  return { promise, resolve: () => ends.resolve?.(), reject: (error) => ends.reject?.(error) }
}
