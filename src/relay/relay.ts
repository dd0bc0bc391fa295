/**
 * Many machines, one log. Nodes of one network and contract find each other in Redis. One of them,
 * the leader, asks the RPCs; it publishes each write before it stores it. The others follow: they
 * apply what was published, in the same order, to their own databases. Everybody serves from the own
 * database alone, so nothing that is read depends on Redis.
 *
 * - relay.ts           this file: from follower to leader and back
 * - lease.ts           the right to lead, with a number that Redis checks when something is published
 * - publisher.ts       the leader's writer
 * - follower.ts        applies what was published
 * - entry.ts           what is published; packed.ts: small
 * - carrier.ts         what is said through Redis; scripts.ts, keys.ts, connection.ts, client.ts
 * - asking.ts          asks all nodes what they do now; channels.ts
 * - newest.ts          whether a position is beyond everything published
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { ledgerOf } from '../domain/cursor.ts'
import type { Decode } from '../domain/event.ts'
import type { NodeStatus } from '../domain/node-status.ts'
import type { Identity } from '../store/read/coverage.ts'
import type { SharedStore, WritableStore } from '../store/store.ts'
import type { AnnouncedNode, Carrier, Head } from './carrier.ts'
import { EntryError } from './entry.ts'
import { CarrierError, createFollower } from './follower.ts'
import { createLease } from './lease.ts'
import { createPublisher } from './publisher.ts'

export interface RelayDeps {
  carrier: Carrier
  store: WritableStore
  decode: Decode
  identity: Identity
  log: Logger
  /** Unique for this process. */
  id: string
  name: string
  url: string | undefined
  leaseMs: number
  /** Called after each commit of what another node published. */
  onApplied(): void
  /** Asks the RPCs, and writes to this store, until `signal` aborts. */
  lead(leadership: Leadership, signal: AbortSignal): Promise<void>
  /**
   * Puts what a peer has into the place of the database. Resolves to false if no peer could give it.
   * Rejects if `signal` aborts, or if the database cannot be written.
   */
  seed(peers: readonly AnnouncedNode[], signal: AbortSignal): Promise<boolean>
  /** Why `seed` can never succeed; null if it can. */
  cannotSeed: string | null
}

export interface Leadership {
  store: SharedStore
  /** Whether the RPCs may be asked now. Our clock may say no before the signal aborts. */
  mayAsk(): boolean
}

export interface Relay {
  /** Follows and leads until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
  /** Gives the lease back and takes it no more, but goes on following. */
  retire(): void
  status(): NodeStatus
  /** How long the network's tip has not moved; undefined before anything was heard. */
  tipStillForMs(): number | undefined
}

const WAITS_FOR_SNAPSHOT =
  'it has missed what others published, and waits for the snapshot of a peer'
/** How long one read waits for news. */
const WAIT_MS = 200
/** After Redis could not be asked, and between two attempts to seed. */
const RETRY_MS = 200
const LONGEST_PAUSE_MS = 10_000
const ANNOUNCE_MS = 1_000

export function createRelay(deps: RelayDeps): Relay {
  const { carrier, store, log, id, name, url, leaseMs, lead } = deps
  const { coverage } = store
  const follower = createFollower({ ...deps, onApplied })
  let isLeading = false
  /** Everything that was published is here, as of the last read. */
  let isCaughtUp = false
  let waitsFor: string | null = null
  let isRetired = false
  /** Redis has an entry that this program does not understand. */
  let isUnreadable = false
  let head: Head | undefined
  let tip: { ledger: number; movedAt: number } | undefined
  const lease = createLease({ carrier, id, name, milliseconds: leaseMs, wanted: mayLead })

  /**
   * Those that have everything come first. If nobody takes the lease, one that missed something does:
   * it goes on from its own checkpoint.
   */
  function mayLead(): boolean {
    if (isUnreadable || isRetired) return false
    const freeMs = lease.freeForMs()
    if (!isCaughtUp) return freeMs > 2 * leaseMs
    return coverage.checkpoint() !== undefined || freeMs > Math.min(leaseMs / 2, EMPTY_WAITS_MS)
  }

  function heardTip(): void {
    const ledger = coverage.checkpoint()?.tipLedger ?? 0
    if (tip === undefined || ledger > tip.ledger) tip = { ledger, movedAt: performance.now() }
  }

  function onApplied(): void {
    heardTip()
    deps.onApplied()
  }

  /** Applies what is published until the lease is ours; its signal, or undefined at the end. */
  async function follow(signal: AbortSignal): Promise<AbortSignal | undefined> {
    follower.restart()
    isCaughtUp = false
    /** Snapshots after which something was still missing: those who gave them had missed it too. */
    let inVain = 0
    while (!signal.aborted) {
      const leading = lease.signal()
      try {
        const progress = await follower.step(
          leading === undefined && isCaughtUp ? WAIT_MS : undefined,
        )
        isCaughtUp = progress === 'idle'
        isUnreadable = false
        if (progress !== 'missing') waitsFor = null
        if (isCaughtUp) heardTip()
        // Only a read that began with the lease shows everything that others published.
        const isOurs = leading !== undefined && !leading.aborted
        if (isOurs && progress === 'idle') return leading
        if (progress !== 'missing') {
          inVain = 0
          continue
        }
        if (await seed(signal)) {
          inVain += 1
          if (inVain === 1) continue
        }
        if (isOurs && !leading.aborted) {
          // Nobody can give it what it has missed: it leads from where it is.
          await follower.giveUp()
          return leading
        }
        const pause = Math.min(RETRY_MS * 2 ** inVain, LONGEST_PAUSE_MS)
        await sleep(pause, undefined, { signal }).catch(() => {})
      } catch (error) {
        if (!(error instanceof CarrierError)) throw error
        hearNothing(error)
        await sleep(RETRY_MS, undefined, { signal }).catch(() => {})
      }
    }
    return undefined
  }

  function hearNothing({ cause }: CarrierError): void {
    isCaughtUp = false
    isUnreadable = cause instanceof EntryError
    if (!(cause instanceof EntryError)) return log.debug({ err: cause }, 'nothing heard from Redis')
    if (waitsFor !== cause.message) {
      log.warn({ reason: cause.message }, 'this node cannot follow the others')
    }
    waitsFor = cause.message
  }

  /** Whether the database has what a peer has now. */
  async function seed(signal: AbortSignal): Promise<boolean> {
    const { cannotSeed } = deps
    const reason = cannotSeed ?? WAITS_FOR_SNAPSHOT
    if (waitsFor !== reason) {
      const fields = cannotSeed === null ? {} : { reason: cannotSeed }
      log.warn(fields, 'entries in Redis are missing: this node needs a snapshot')
    }
    waitsFor = reason
    follower.restart()
    const peers = await carrier.nodes().catch(() => [])
    const isSeeded = await deps.seed(usefulPeers(peers), signal)
    if (isSeeded) onApplied()
    return isSeeded
  }

  /** The leader first: what it has is what the others follow. One that is not after us has nothing. */
  function usefulPeers(peers: readonly AnnouncedNode[]): AnnouncedNode[] {
    const here = coverage.checkpoint()?.cursor ?? ''
    const leader = lease.known()?.name
    return peers
      .filter((peer) => peer.url !== null && peer.url !== url && peer.cursor !== null)
      .filter((peer) => peer.cursor! > here || (peer.cursor === here && peer.name === leader))
      .toSorted((a, b) => Number(b.name === leader) - Number(a.name === leader))
  }

  async function announce(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const cursor = coverage.checkpoint()?.cursor ?? null
        await carrier.announce(id, { name, url: url ?? null, cursor })
        head = await carrier.head()
      } catch {
        head = undefined
      }
      await sleep(ANNOUNCE_MS, undefined, { signal }).catch(() => {})
    }
    await carrier.withdraw(id).catch(() => {})
  }

  async function takeTurns(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const leading = await follow(signal)
      if (leading === undefined) return
      log.info({ name }, 'this node leads')
      isLeading = true
      waitsFor = null
      const ending = AbortSignal.any([leading, signal])
      try {
        const writer = createPublisher({ carrier, lease, store, log }, ending)
        const mayAsk = () => lease.held() !== undefined && !ending.aborted
        await lead({ store: { ...store, writer }, mayAsk }, ending)
      } catch (error) {
        if (!ending.aborted) throw error
      } finally {
        isLeading = false
        if (!signal.aborted) log.info({ name }, 'this node follows')
      }
    }
  }

  return {
    async run(outer) {
      const failing = new AbortController()
      const signal = AbortSignal.any([outer, failing.signal])
      const beside = [lease.run(signal), announce(signal)]
      const release = () => void lease.release().catch(() => {})
      signal.addEventListener('abort', release, { once: true })
      try {
        await takeTurns(signal)
      } finally {
        failing.abort()
        await Promise.allSettled(beside)
      }
    },
    retire() {
      isRetired = true
      void lease.release().catch(() => {})
    },
    status() {
      const known = lease.known()
      const here = coverage.checkpoint()?.cursor
      const published = head && ledgerOf(head.cursor)
      const lag =
        published === undefined ? null : published - (here === undefined ? 0 : ledgerOf(here))
      return {
        name,
        role: isLeading && lease.held() !== undefined ? 'leader' : 'follower',
        leader: known?.name ?? null,
        leaseUntil: known?.until ?? null,
        carrierLag: lag === null ? null : Math.max(0, lag),
        waitsFor,
      }
    },
    tipStillForMs: () => tip && performance.now() - tip.movedAt,
  }
}

/** So that a node with a log leads rather than one that has to begin. */
const EMPTY_WAITS_MS = 1_000
