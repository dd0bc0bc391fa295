/** Calculates the formula of a step in `/streams/:id/explain`, as a person would; its result too. */
export function evaluate(formula: string): { calculated: bigint; stated: bigint } {
  if (formula.startsWith('0, because')) return { calculated: 0n, stated: 0n }
  const form = /^min\((?:0|\((\d+) - (\d+)\)) \* (\d+), (?:0|(\d+) - (\d+))\) = (\d+)$/
  const [, until, since, rate, deposited, withdrawn, stated] = form.exec(formula) ?? []
  if (stated === undefined) throw new Error(`not a formula: ${formula}`)
  const number = (text: string | undefined) => BigInt(text ?? 0)
  const accrued = (number(until) - number(since)) * number(rate)
  const left = number(deposited) - number(withdrawn)
  return { calculated: accrued < left ? accrued : left, stated: number(stated) }
}
