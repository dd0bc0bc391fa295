import type { Logger } from 'pino'
import { SourceError } from '../../domain/errors.ts'
import type { Timers } from '../timers.ts'
import { createEntryKeys } from '../../source/entry-keys.ts'
import type { LedgerSource } from '../../source/source.ts'
import { watch } from '../watchdog.ts'

/**
 * Whether an endpoint serves what we index: it is of our network and has the contract. One that
 * does not is set aside, for its ids look like ours and its ledgers would be indexed as if they
 * were; it is looked at again now and then.
 */
export interface EndpointIdentity {
  /** Whether there is no need to check: for one `inUse`, since it was last found to be ours. */
  isKnown(inUse: boolean): boolean
  /** Throws `refused` where it is not ours, and what `network` throws. */
  check(signal: AbortSignal): Promise<void>
  /** It has answered something else since. */
  answered(): void
  /**
   * Another network may be served there from now on. A check that nothing was asked on yet stands
   * once more: otherwise a server that drops every second call would only ever be checked.
   */
  doubt(): void
  aside(): Aside | undefined
}

export interface Aside {
  /** Of the other network; undefined: it is ours, but the contract is not there. */
  passphrase: string | undefined
  detail: string
  /** It is time to look again. */
  isDue: boolean
}

export interface IdentityDeps {
  name: string
  source: LedgerSource
  networkPassphrase: string
  contractId: string
  callTimeoutMs: number
  log: Logger
  timers: Timers
}

/** A probe has just checked it: a switch is not held up by another check. */
const FRESH_MS = 15_000
/** Often enough for an endpoint that serves the network again to be in use within 30 seconds. */
const RECHECK_MS = 7_500
/**
 * A contract that was found is looked for again only so much later. Otherwise each lost connection
 * would cost one call more, and a server that drops every third one would never get to a page.
 */
const FOUND_MS = 60_000
/** The contract's entry is not worth a longer wait. */
const PRESENCE_MS = 5_000

export function createIdentity(deps: IdentityDeps): EndpointIdentity {
  const { name, source, networkPassphrase, contractId, callTimeoutMs, log, timers } = deps
  const { now } = timers
  const instanceKey = createEntryKeys(contractId).instance
  let checkedAt: number | undefined
  let foundAt = Number.NEGATIVE_INFINITY
  let doubtful = false
  /** Nothing has been answered since the last check. */
  let isUnused = false
  let aside: Omit<Aside, 'isDue'> | undefined
  let recheckAt = 0

  /** Not every provider answers this method, so only an absence that is stated counts. */
  async function hasContract(signal: AbortSignal): Promise<boolean | undefined> {
    if (aside === undefined && now() - foundAt < FOUND_MS) return true
    try {
      const { entries } = await watch(
        (ending) => source.entries([instanceKey], ending),
        Math.min(callTimeoutMs, PRESENCE_MS),
        signal,
        timers.after,
      )
      const isFound = entries.some(({ key }) => key === instanceKey)
      if (isFound) foundAt = now()
      return isFound
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      log.debug({ endpoint: name, detail: error.message }, 'contract not checked')
      return undefined
    }
  }

  function setAside(detail: string, passphrase: string | undefined): SourceError {
    if (aside?.detail !== detail) log.error({ endpoint: name, detail }, 'RPC set aside')
    aside = { passphrase, detail }
    recheckAt = now() + RECHECK_MS
    return new SourceError('refused', detail)
  }

  return {
    isKnown(inUse) {
      if (aside !== undefined || checkedAt === undefined || doubtful) return false
      return inUse || now() - checkedAt < FRESH_MS
    },
    async check(signal) {
      const presence = hasContract(signal)
      // Settled while the network is still awaited, it would count as unhandled.
      presence.catch(() => {})
      const { passphrase } = await source.network(signal)
      if (passphrase !== networkPassphrase) {
        throw setAside(`serves the network "${passphrase}"`, passphrase)
      }
      if ((await presence) === false) throw setAside(`has no contract ${contractId}`, undefined)
      if (aside !== undefined) log.info({ endpoint: name }, 'RPC back in use')
      aside = undefined
      checkedAt = now()
      doubtful = false
      isUnused = true
    },
    answered() {
      isUnused = false
    },
    doubt() {
      doubtful = !isUnused
      isUnused = false
    },
    aside: () => aside && { ...aside, isDue: now() >= recheckAt },
  }
}
