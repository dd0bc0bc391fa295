import { say } from './terminal.ts'
import type { Terminal } from './terminal.ts'

export interface EventList {
  add(event: ListedEvent): void
}

/** The fields of a feed event that the list shows. */
export interface ListedEvent {
  ledger: number
  type: string
  streamId?: string
  amount?: string
  depositedAmount?: string
  ratePerSecond?: string
  feeAmount?: string
}

/** Few enough to leave the banner above in sight. */
const SHOWN = 8
const DEFAULT_COLUMNS = 80

/** Prints a line for each event. On a terminal it shows only the newest few, and redraws them. */
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
      // Go back to the first drawn line and clear the rest of the screen.
      const back = drawn === 0 ? '' : `\x1b[${drawn}A\r\x1b[J`
      terminal.out.write(`${back}${lines.join('\n')}\n`)
      drawn = lines.length
    },
  }
}

/** A wrapped line would take two rows. Some terminals do not report their width. */
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
