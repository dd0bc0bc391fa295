/** What a node of several knows about itself and the others, as plain data. */
export interface NodeStatus {
  name: string
  role: 'leader' | 'follower'
  /** The leader's name, as last heard; null if there is none. */
  leader: string | null
  /** Until when the leader's lease lasts: milliseconds since 1970. */
  leaseUntil: number | null
  /** Ledgers between this node and the newest position published; null if that is not known. */
  carrierLag: number | null
  /** Why the database cannot be used yet; null if it can. */
  waitsFor: string | null
}
