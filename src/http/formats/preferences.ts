/** One value of `Accept` or `Accept-Encoding`, in lower case. */
export interface Preference {
  value: string
  /** From 0 (not acceptable) to 1. */
  weight: number
}

/** What a header like `Accept` says. Parameters other than `q` are ignored. */
export function preferences(header: string | undefined): Preference[] {
  if (header === undefined) return []
  return header.split(',').flatMap((part) => {
    const [name = '', ...parameters] = part.split(';')
    const value = name.trim().toLowerCase()
    if (value === '') return []
    return { value, weight: weightOf(parameters) }
  })
}

function weightOf(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const [, weight] = /^\s*q\s*=\s*([\d.]+)\s*$/i.exec(parameter) ?? []
    if (weight !== undefined) return Math.min(1, Number(weight) || 0)
  }
  return 1
}
