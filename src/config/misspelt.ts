/**
 * Variables of the environment that look like misspelt ones of this program: they differ from it by
 * a few keystrokes, by case, by underscores, or by a missing unit.
 */
export function findMisspelt(
  env: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): { found: string; meant: string }[] {
  return Object.keys(env).flatMap((found) => {
    if (names.includes(found)) return []
    const meant = names.find((name) => isNear(found, name))
    return meant === undefined || env[meant] !== undefined ? [] : [{ found, meant }]
  })
}

const UNIT = 'SECONDS'

function isNear(found: string, name: string): boolean {
  const [a, b] = [plain(found), plain(name)]
  return a + UNIT === b || distance(a, b) <= allowed(b)
}

function plain(name: string): string {
  return name.toUpperCase().replaceAll(/[_-]/g, '')
}

/** A short name has many neighbours that mean something else: PATH is not a misspelt PORT. */
function allowed({ length }: string): number {
  if (length <= 5) return 1
  return length <= 10 ? 2 : 3
}

/** Keystrokes between two words: insertions, deletions, replacements and swaps of neighbours. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 3) return Number.POSITIVE_INFINITY
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1]
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      current[column] = Math.min(
        previous[column]! + 1,
        current[column - 1]! + 1,
        previous[column - 1]! + (same ? 0 : 1),
        swapped ? before[column - 2]! + 1 : Number.POSITIVE_INFINITY,
      )
    }
    before = previous
    previous = current
  }
  return previous[b.length]!
}
