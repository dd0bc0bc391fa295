/** A pause that can be cut short. */
export interface Sleep {
  /** Settles after so many milliseconds, or at `wake`. */
  for(ms: number): Promise<void>
  wake(): void
}

export function createSleep(): Sleep {
  let wake: (() => void) | undefined
  return {
    for: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      }),
    wake: () => wake?.(),
  }
}
