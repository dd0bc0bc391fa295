import { computed, signal } from '@preact/signals'
import { bearer, get, Refused, repeat } from './api.ts'
import { heardOf, seconds } from './clock.ts'
import { isOnline, isVisible } from './place.ts'
import type { One, Ready, Stats, Status, TokenTotals } from './shapes.ts'

/** What the daemon says about itself, asked again and again while somebody looks. */

export const status = signal<Status | undefined>(undefined)
export const ready = signal<Ready | undefined>(undefined)
export const stats = signal<Stats | undefined>(undefined)
export const totals = signal<TokenTotals[]>([])

/** Since when the daemon has not answered, in `seconds`; undefined if it answers. */
export const silentSince = signal<number | undefined>(undefined)

export const isStale = computed(() => silentSince.value !== undefined || !isOnline.value)

const STATUS_MS = 2_500
const STATS_MS = 5_000
const TOTALS_MS = 4_000

async function readStatus(): Promise<void> {
  try {
    const [newStatus, newReady] = await Promise.all([
      get<Status>('/status'),
      get<Ready>('/ready', [503]),
    ])
    status.value = newStatus
    ready.value = newReady
    silentSince.value = undefined
    const closedAt = newStatus.checkpoint?.ledgerClosedAt
    if (closedAt !== undefined && closedAt !== null) heardOf(Date.parse(closedAt) / 1_000)
  } catch (error) {
    // A refusal is an answer.
    if (!(error instanceof Refused)) silentSince.value ??= seconds.peek()
    throw error
  }
}

/** Also asked when the line is back, because what was behind may be well again. */
export function lookAgain(): void {
  void readStatus().catch(() => {})
}

/** The daemon shows data only to those who have a token. */
const isClosed = signal(false)

const isWatched = () => isVisible.value && isOnline.value
const mayRead = () => isWatched() && (bearer.value !== undefined || !isClosed.value)

export function watchDaemon(): void {
  repeat(readStatus, STATUS_MS, isWatched)
  repeat(async () => void (stats.value = await get<Stats>('/events/stats')), STATS_MS, isWatched)
  repeat(readTotals, TOTALS_MS, mayRead)
  isVisible.subscribe((visible) => visible && lookAgain())
  isOnline.subscribe((online) => online && lookAgain())
}

async function readTotals(): Promise<void> {
  try {
    totals.value = (await get<One<{ tokens: TokenTotals[] }>>('/summary')).data.tokens
    isClosed.value = false
  } catch (error) {
    isClosed.value = error instanceof Refused && error.status === 401
    throw error
  }
}
