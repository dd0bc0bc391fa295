import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Stream } from '../domain/stream.ts'
import type { HeldView } from '../store/read/held.ts'
import type { Total } from '../store/read/totals.ts'
import type { ClientEnv } from '../http/client.ts'
import { createRouter, json } from '../http/router.ts'
import { V1_TYPES } from './event.ts'
import { badKey, keyOf } from './key.ts'
import { iso } from './numbers.ts'
import { pastOf } from './past.ts'
import { missingToken, refuse } from './refusals.ts'
import { v1Get, visible } from './route.ts'
import type { V1Reads } from './route.ts'
import { V1Stream, v1Stream } from './stream.ts'

/** Streams on each side of a user. */
const MOST_STREAMS = 10

const When = z.string().openapi({ format: 'date-time' })
const User = z
  .object({
    id: z.string(),
    publicKey: z.string(),
    createdAt: When,
    updatedAt: When,
    sentStreams: z.array(V1Stream),
    receivedStreams: z.array(V1Stream),
  })
  .openapi('V1User')
const Unseen = z
  .object({
    publicKey: z.string(),
    sentStreams: z.array(V1Stream),
    receivedStreams: z.array(V1Stream),
    inMemory: z.literal(true),
  })
  .openapi('V1UnseenUser')
const Sums = {
  totalStreamsCreated: z.number().int(),
  totalStreamedOut: z.string(),
  totalStreamedIn: z.string(),
  currentClaimable: z.string(),
  activeOutgoingCount: z.number().int(),
  activeIncomingCount: z.number().int(),
}
const Summary = z
  .object({
    address: z.string(),
    ...Sums,
    tokens: z
      .array(z.object({ tokenAddress: z.string(), ...Sums }))
      .openapi({ description: 'the same for each token; the sums above are over all tokens' }),
  })
  .openapi('V1Summary')

type UserJson = Omit<z.infer<typeof User>, 'id'>

export function userRoutes({ store, sliced, read }: V1Reads) {
  const router = createRouter()
  const { log } = store

  v1Get(
    router,
    {
      path: '/users/me',
      summary: 'The user of the token',
      answer: z.union([User, Unseen]),
      problems: { 404: 'the token is that of no user' },
    },
    (c) => {
      const { subject, admin } = c.get('identity')
      // An administrator by ADMIN_TOKEN is no user.
      if (subject === null) return admin ? refuse(404, 'User not found') : missingToken()
      return sliced(c, me(c, subject))
    },
  )

  function* me(c: Context<ClientEnv>, key: string): Generator<void, Response> {
    const user = yield* find(c, key)
    if (user !== undefined) return json({ id: key, ...user })
    return json({ publicKey: key, sentStreams: [], receivedStreams: [], inMemory: true })
  }

  v1Get(
    router,
    {
      path: '/users/{key}',
      summary: 'A user with the newest streams',
      answer: User,
      problems: { 404: 'the user was never seen' },
    },
    (c) => {
      const key = keyOf(c.req.param('key'))
      return key === undefined ? badKey() : sliced(c, one(c, key))
    },
  )

  function* one(c: Context<ClientEnv>, key: string): Generator<void, Response> {
    const user = yield* find(c, key)
    return user === undefined ? refuse(404, 'User not found') : json({ id: key, ...user })
  }

  /** What the sender of the request may see of a user; undefined if that is nothing. */
  function* find(c: Context<ClientEnv>, key: string): Generator<void, UserJson | undefined> {
    const query = { sort: 'created', order: 'desc', limit: MOST_STREAMS } as const
    const party = c.get('party')
    const [sent, received] = yield* store.held.read(function* ({ streams }) {
      const { streams: from } = yield* streams.list({ ...query, party, sender: key })
      const { streams: to } = yield* streams.list({ ...query, party, recipient: key })
      return [from, to] as const
    })
    if (sent.length + received.length === 0) return undefined
    const pasts = yield* pastOf({ log, read }, [...sent, ...received])
    const filter = visible(c, { users: [key], types: V1_TYPES })
    const first = yield* log.scan({ filter, order: 'asc', limit: 1 })
    const last = yield* log.scan({ filter, order: 'desc', limit: 1 })
    const [created, updated] = [first.entries[0], last.entries[0]].map((entry) =>
      entry === undefined ? oldestStart([...sent, ...received]) : iso(read(entry).timestamp),
    )
    return {
      publicKey: key,
      createdAt: created ?? '',
      updatedAt: updated ?? '',
      sentStreams: sent.map((stream) => v1Stream(stream, pasts)),
      receivedStreams: received.map((stream) => v1Stream(stream, pasts)),
    }
  }

  for (const path of ['/users/{address}/summary', '/streams/summary/{address}']) {
    v1Get(router, { path, summary: 'What an address pays and receives', answer: Summary }, (c) => {
      const address = c.req.param('address')?.trim() ?? ''
      if (address === '') return refuse(400, 'Address is required')
      return sliced(
        c,
        store.held.read((view) => summary(view, address, c.get('party'))),
      )
    })
  }

  return router
}

function oldestStart(streams: readonly Stream[]): string {
  return iso(
    streams.reduce((least, { startTime }) => (startTime < least ? startTime : least), 2n ** 64n),
  )
}

interface Sum {
  created: number
  out: bigint
  in: bigint
  claimable: bigint
  activeOut: number
  activeIn: number
}

const ZERO: Sum = { created: 0, out: 0n, in: 0n, claimable: 0n, activeOut: 0, activeIn: 0 }

function* summary(
  { streams, coverage }: HeldView,
  address: string,
  party: string | undefined,
): Generator<void, Response> {
  const time = coverage.checkpoint()?.ledgerClosedAt ?? 0
  const isWhole = party === undefined || party === address
  const { totals, claimable } = isWhole
    ? { totals: streams.totals(address), claimable: yield* streams.claimable(address, time) }
    : yield* streams.between(address, party, time)
  const all = { ...ZERO }
  const tokens = [...Map.groupBy(totals, ({ tokenAddress }) => tokenAddress)].map(
    ([tokenAddress, ofToken]) => {
      const sum = { ...ZERO, claimable: claimable.recipient.get(tokenAddress) ?? 0n }
      for (const total of ofToken) add(sum, sumOf(total))
      add(all, sum)
      return { tokenAddress, ...sumJson(sum) }
    },
  )
  return json({ address, ...sumJson(all), tokens })
}

function sumOf({ side, status, streams, withdrawnAmount }: Total): Sum {
  const active = status === 'active' || status === 'paused' ? streams : 0
  return side === 'sender'
    ? { ...ZERO, created: streams, out: withdrawnAmount, activeOut: active }
    : { ...ZERO, in: withdrawnAmount, activeIn: active }
}

function add(sum: Sum, other: Sum): void {
  sum.created += other.created
  sum.out += other.out
  sum.in += other.in
  sum.claimable += other.claimable
  sum.activeOut += other.activeOut
  sum.activeIn += other.activeIn
}

function sumJson(sum: Sum) {
  return {
    totalStreamsCreated: sum.created,
    totalStreamedOut: sum.out.toString(),
    totalStreamedIn: sum.in.toString(),
    currentClaimable: sum.claimable.toString(),
    activeOutgoingCount: sum.activeOut,
    activeIncomingCount: sum.activeIn,
  }
}
