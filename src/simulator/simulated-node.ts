import type { Recording } from './recording.ts'
import { createLedgers } from './node/ledgers.ts'
import { DEFAULT_SETTINGS, nodeAt } from './node/node.ts'
import type { NodeSettings, NodeView } from './node/node.ts'
import { createPlayback } from './playback.ts'
import type { Playback } from './playback.ts'

/** The state of the simulated node: which ledgers have closed, and which of them it still has. */
export interface SimulatedNode extends Playback {
  /** The node now, or as it was so many ledgers ago. */
  view(ledgersAgo?: number): NodeView
  /** See Simulator. */
  setRetentionWindow(ledgers: number): void
  forgetBefore(ledger: number): void
  holdBack(ledgers: number): void
}

export interface SimulatedNodeOptions {
  recording: Recording
  /** Ledgers that have closed at the start. */
  closed: number
  speed: number
  settings: Partial<NodeSettings>
}

export function createSimulatedNode(options: SimulatedNodeOptions): SimulatedNode {
  const { recording, closed, speed } = options
  const settings = { ...DEFAULT_SETTINGS, ...options.settings }
  const ledgers = createLedgers(recording)
  const playback = createPlayback(ledgers, { closed, speed })
  // It never decreases: a real node does not get back the ledgers that it has deleted.
  let forgottenBefore = ledgers.first
  let heldBack = 0

  return {
    ...playback,
    view(ledgersAgo = 0) {
      const view = nodeAt(ledgers, { latest: playback.latest(), settings })
      if (view.range === undefined) return view
      forgottenBefore = Math.max(forgottenBefore, view.range.oldest)
      const oldest = Math.min(forgottenBefore, view.range.latest)
      const latest = Math.max(oldest, view.range.latest - heldBack - ledgersAgo)
      return { ...view, range: { oldest, latest } }
    },
    setRetentionWindow(window) {
      settings.retentionWindow = window
    },
    forgetBefore(ledger) {
      forgottenBefore = Math.max(forgottenBefore, ledger)
    },
    holdBack(count) {
      heldBack = count
    },
  }
}
