/** One line of the table: a figure, its floor, and the target. */
export interface Figure {
  name: string
  value: string
  floor: string
  ratio: string
  target: string
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export function thousands(value: number): string {
  return Math.round(value).toLocaleString('en')
}

/** A Markdown table, as in bench/README.md. */
export function format(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, floor, ratio, target }) =>
    ['', name, value, floor, ratio, target, ''].join(' | ').trim(),
  )
  return ['| figure | measured | floor | ratio | target |', '|---|---|---|---|---|', ...rows].join(
    '\n',
  )
}
