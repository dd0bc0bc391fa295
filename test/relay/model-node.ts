import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createDecoder } from '../../src/decode/decode.ts'
import { completeThrough, endOfLedger, later } from '../../src/domain/cursor.ts'
import { createFollower } from '../../src/relay/follower.ts'
import type { Follower } from '../../src/relay/follower.ts'
import { createPublisher } from '../../src/relay/publisher.ts'
import type { SharedWriter } from '../../src/store/write/writer.ts'
import { chainAt } from '../support/chain-records.ts'
import type { Chain } from '../support/feed/log.ts'
import { memoryStore, storeAt } from '../support/recordings.ts'
import type { TestStore } from '../support/recordings.ts'
import type { Recording } from '../../src/simulator/recording.ts'
import type { MemoryCarrier } from './memory-carrier.ts'

/** A node as the relay makes it: the real follower and publisher over a real database. */
export interface ModelNode {
  store(): TestStore
  /** It takes the lease, reads what was published, and believes that it leads until told otherwise. */
  lead(peers: readonly ModelNode[]): Promise<void>
  /** Fetches and publishes so many events after its own checkpoint, if it believes that it leads. */
  page(events: number): Promise<void>
  /** Publishes records of the chain as of its own checkpoint. */
  repair(from: number, count: number): Promise<void>
  /** Reads once, if it does not believe that it leads. Resolves to whether it may have more to do. */
  follow(peers: readonly ModelNode[]): Promise<boolean>
  /** Its lease, as far as it knows. */
  lease(): string | undefined
  /** It is told that its lease is over. */
  lose(): void
  close(): void
}

export interface ModelWorld {
  memory: MemoryCarrier
  recording: Recording
  chain: Chain
  folder: string
}

const decode = createDecoder()
let copies = 0

export function createModelNode({ memory, recording, chain, folder }: ModelWorld): ModelNode {
  const { contractId, network } = recording.header
  const identity = { networkPassphrase: network.passphrase, contractId }
  let store = memoryStore()
  let follower = followerOf()
  let leading: { lease: string; writer: SharedWriter; ending: AbortController } | undefined

  function followerOf(): Follower {
    const { carrier } = memory
    return createFollower({ carrier, store, decode, identity, onApplied() {} })
  }

  function lose(): void {
    leading?.ending.abort(new Error('this node is no longer the leader'))
    leading = undefined
  }

  function seed(peers: readonly ModelNode[]): boolean {
    const here = store.coverage.checkpoint()?.cursor ?? ''
    const at = (node: ModelNode) => node.store().coverage.checkpoint()?.cursor ?? ''
    const peer = peers.find((node) => at(node) !== '' && at(node) >= here)
    if (peer === undefined) return false
    const path = join(folder, `${(copies += 1)}.db`)
    // A database in memory has no WAL, so its copy can be read anywhere.
    writeFileSync(path, peer.store().sqlite.serialize())
    store.close()
    store = storeAt(path)
    follower = followerOf()
    return true
  }

  /** Runs one write; being told that another leads is no failure. */
  async function write(work: (writer: SharedWriter) => unknown): Promise<void> {
    if (leading === undefined) return
    const { writer, ending } = leading
    try {
      await work(writer)
    } catch (error) {
      if (!ending.signal.aborted) throw error
    }
  }

  return {
    store: () => store,
    lose,
    lease: () => leading?.lease,
    async lead(peers) {
      lose()
      const lease = memory.take()
      let isSeeded = false
      for (;;) {
        const progress = await follower.step()
        if (progress === 'idle') break
        if (progress === 'missing') {
          if (isSeeded || !seed(peers)) {
            await follower.giveUp()
            break
          }
          isSeeded = true
        }
      }
      const ending = new AbortController()
      const writer = createPublisher(
        {
          carrier: memory.carrier,
          store,
          log: { debug() {} },
          lease: { held: () => (leading?.lease === lease ? lease : undefined), lose },
        },
        ending.signal,
      )
      leading = { lease, writer, ending }
    },
    page: (count) =>
      write(async (writer) => {
        const before = store.coverage.checkpoint()
        const position = before?.cursor
        const first = chain.events.findIndex(({ event }) => event.id > (position ?? ''))
        const events = first === -1 ? [] : chain.events.slice(first, first + count)
        const following = first === -1 ? undefined : chain.events[first + events.length]?.event
        const through = endOfLedger(
          following === undefined ? chain.lastLedger : following.ledger - 1,
        )
        const isBound = before !== undefined
        await writer.apply({
          events,
          cursor: later(events.at(-1)?.event.id ?? position ?? through, through),
          scannedFrom: position === undefined ? chain.firstLedger : completeThrough(position) + 1,
          closedAt: undefined,
          tip: { ledger: chain.lastLedger, closedAt: undefined },
          identity: isBound ? undefined : identity,
        })
      }),
    repair: (from, count) =>
      write(async (writer) => {
        const checkpoint = store.coverage.checkpoint()
        if (checkpoint === undefined) return
        const records = chainAt(recording, completeThrough(checkpoint.cursor))
        await writer.putRecords(records.slice(from, from + count))
      }),
    async follow(peers) {
      if (leading !== undefined) return false
      const progress = await follower.step()
      if (progress !== 'missing') return progress === 'applied'
      follower.restart()
      return seed(peers)
    },
    close() {
      lose()
      store.close()
    },
  }
}
