import type { AdmissionLimits } from './admission.ts'

export interface FeedLimits extends AdmissionLimits {
  heartbeatMs: number
  maxAgeMs: number
  stallTimeoutMs: number
  /** How long clients are told to wait before they reconnect; each gets its own time. */
  reconnectMs?: { from: number; to: number }
  /** Sockets written to before the event loop gets its turn. */
  writesPerTurn?: number
}

const RECONNECT_MS = { from: 1_000, to: 5_000 }
/** About four milliseconds of work. */
const WRITES_PER_TURN = 500

export function withDefaults(limits: FeedLimits): Required<FeedLimits> {
  return { reconnectMs: RECONNECT_MS, writesPerTurn: WRITES_PER_TURN, ...limits }
}
