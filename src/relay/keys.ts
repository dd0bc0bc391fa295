import { createHash } from 'node:crypto'
import type { Identity } from '../store/read/coverage.ts'

/** The keys in Redis of one network and contract. */
export interface Keys {
  /** What all of them begin with. */
  prefix: string
  /** Stream: pages at the head; an entry's id is the position it leads to. */
  pages: string
  /** Stream: changes of what came before; an entry's id is its number. */
  changes: string
  /** Hash: the newest position published, and the network's tip then. */
  head: string
  /** Who may ask the RPCs and publish, with a time to live. */
  lease: string
  /** Counts leases: each has a number of its own. */
  fence: string
  /** Hash: nodes, by the id of their process. */
  nodes: string
  /** Sorted set: when they were last heard. */
  seen: string
  /** Sorted sets: which entries were the newest when, to trim the streams. */
  pageMarks: string
  changeMarks: string
}

export function keysOf({ networkPassphrase, contractId }: Identity): Keys {
  const networkId = createHash('sha256').update(networkPassphrase).digest('hex')
  const prefix = `flowfi:${networkId}:${contractId}:`
  const key = (name: string) => prefix + name
  return {
    prefix,
    pages: key('pages'),
    changes: key('changes'),
    head: key('head'),
    lease: key('lease'),
    fence: key('fence'),
    nodes: key('nodes'),
    seen: key('nodes:seen'),
    pageMarks: key('pages:marks'),
    changeMarks: key('changes:marks'),
  }
}
