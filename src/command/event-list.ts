import { say } from './terminal.ts'
import type { Terminal } from './terminal.ts'

export interface EventList {
  add(event: ListedEvent): void
}

/** An event as the feed sends it; only what is shown of it. */
export interface ListedEvent {
  ledger: number
  type: string
  streamId?: string
  amount?: string
  depositedAmount?: string
  ratePerSecond?: string
  feeAmount?: string
}

/** So few that what was printed above them stays in sight. */
const SHOWN = 8
const DEFAULT_COLUMNS = 80

/** Prints events: one line each, or on a terminal only the newest few, in place. */
export function createEventList(terminal: Terminal): EventList {
  if (!terminal.interactive) return { add: (event) => say(terminal, line(event)) }
  const newest: string[] = []
  let count = 0
  let drawn = 0

  return {
    add(event) {
      count += 1
      newest.push(line(event))
      if (newest.length > SHOWN) newest.shift()
      const columns = columnsOf(terminal)
      const lines = [...newest, `  ${count} events so far`].map((text) =>
        text.slice(0, columns - 1),
      )
      // Back to the first line that was drawn, and clear from there on.
      const back = drawn === 0 ? '' : `\x1b[${drawn}A\r\x1b[J`
      terminal.out.write(`${back}${lines.join('\n')}\n`)
      drawn = lines.length
    },
  }
}

/** A line that is wrapped would take two rows. Some terminals do not say how wide they are. */
function columnsOf({ out }: Terminal): number {
  return ('columns' in out && Number(out.columns)) || DEFAULT_COLUMNS
}

function line(event: ListedEvent): string {
  const { ledger, type, streamId, amount, depositedAmount, ratePerSecond, feeAmount } = event
  const figures = [
    amount && `amount ${amount}`,
    depositedAmount && `deposited ${depositedAmount}`,
    ratePerSecond && `rate ${ratePerSecond}/s`,
    feeAmount && `fee ${feeAmount}`,
  ]
  const stream = streamId === undefined ? '' : `#${streamId}`
  const text = `  ${ledger}  ${type.padEnd(22)} ${stream.padEnd(6)} ${figures.filter(Boolean).join('  ')}`
  return text.trimEnd()
}
