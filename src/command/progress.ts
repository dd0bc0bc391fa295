import { SingleBar } from 'cli-progress'
import { completeThrough } from '../domain/cursor.ts'
import type { LedgerPage } from '../source/source.ts'
import type { Terminal } from './terminal.ts'

/** A progress bar. It shows nothing unless a person is watching. */
export interface Progress<Step> {
  update(step: Step): void
  stop(): void
}

/** For a log that catches up with the tip, from ledger `from`; undefined: from the RPC's oldest. */
export function showCatchingUp(
  terminal: Terminal,
  from: number | undefined,
): Progress<{ page: LedgerPage; events: number }> {
  const bar = createBar(terminal, 'ledger {ledger} of {tip}  {rate} events/s')
  let first = from
  return {
    update({ page, events }) {
      const ledger = completeThrough(page.cursor)
      first ??= page.oldest?.ledger ?? ledger
      const tip = page.tip.ledger
      bar.update({ done: ledger - first, of: tip - first, events, fields: { ledger, tip } })
    },
    stop: bar.stop,
  }
}

/** For missing ledgers that are filled, newest first. */
export function showFilling(
  terminal: Terminal,
): Progress<{ ledger: number; done: number; left: number; events: number }> {
  const bar = createBar(terminal, 'filling, at ledger {ledger}  {left} left  {rate} events/s')
  return {
    update: ({ ledger, done, left, events }) =>
      bar.update({ done, of: done + left, events, fields: { ledger, left } }),
    stop: bar.stop,
  }
}

interface BarStep {
  done: number
  of: number
  /** So far. */
  events: number
  /** What the text names in braces. */
  fields: Record<string, number>
}

function createBar(terminal: Terminal, text: string): Progress<BarStep> {
  if (!terminal.interactive) return { update() {}, stop() {} }
  const bar = new SingleBar({
    format: ` {bar} {percentage}%  ${text}  ETA {eta_formatted}`,
    hideCursor: true,
    stream: terminal.err,
  })
  const began = performance.now()
  return {
    update({ done, of, events, fields }) {
      const rate = Math.round((events * 1_000) / (performance.now() - began))
      const payload = { ...fields, rate }
      const total = Math.max(1, of)
      if (!bar.isActive) bar.start(total, 0, payload)
      bar.setTotal(total)
      bar.update(Math.max(0, done), payload)
    },
    stop: () => bar.stop(),
  }
}
