import type { Logger } from 'pino'
import { SourceError } from '../../domain/errors.ts'
import { createEntryKeys } from '../../source/entry-keys.ts'
import type { LedgerSource } from '../../source/source.ts'
import type { Timers } from '../timers.ts'
import { watch } from '../watchdog.ts'

/**
 * Whether an endpoint serves our network and has the contract. If not, it is set aside: its ids
 * look like ours, so its ledgers could be indexed by mistake. It is checked again now and then.
 */
export interface EndpointIdentity {
  /** Whether the last check still counts. If the endpoint `isServing`, it counts until a doubt. */
  isKnown(isServing: boolean): boolean
  /** Throws `refused` if the endpoint must be set aside, and the errors of its `network`. */
  check(signal: AbortSignal): Promise<void>
  /** It has answered another call since the check. */
  answered(): void
  /**
   * It may serve another network from now on. The first doubt after a check is ignored if nothing
   * was answered in between: otherwise a server that drops every second call would only be checked.
   */
  doubt(): void
  aside(): Aside | undefined
}

export interface Aside {
  /** Of the other network; undefined if the network is ours and the contract is missing. */
  passphrase: string | undefined
  detail: string
  /** It is time to check again. */
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

/** A check counts for this long, so that a switch after a probe needs no other check. */
const FRESH_MS = 15_000
/** Short enough for an endpoint that serves the network again to be in use within 30 seconds. */
const RECHECK_MS = 7_500
/**
 * A contract that was found is looked for again only after this time. Otherwise each lost
 * connection would cost one more call, and a server that drops every third call would never return
 * a page.
 */
const FOUND_MS = 60_000
/** Limit of the call that looks for the contract; a page should not wait longer for it. */
const PRESENCE_MS = 5_000

export function createIdentity(deps: IdentityDeps): EndpointIdentity {
  const { name, source, networkPassphrase, contractId, callTimeoutMs, log, timers } = deps
  const { now } = timers
  const instanceKey = createEntryKeys(contractId).instance
  let checkedAt: number | undefined
  let foundAt = Number.NEGATIVE_INFINITY
  let isInDoubt = false
  /** No other call was answered since the last check. */
  let isUnused = false
  let aside: Omit<Aside, 'isDue'> | undefined
  let recheckAt = 0

  /** Undefined if not known: not every provider supports this method. */
  async function hasContract(signal: AbortSignal): Promise<boolean | undefined> {
    if (aside === undefined && now() - foundAt < FOUND_MS) return true
    try {
      const { entries } = await watch(
        (ending) => source.entries([instanceKey], ending),
        { timeoutMs: Math.min(callTimeoutMs, PRESENCE_MS), after: timers.after },
        signal,
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
    isKnown(isServing) {
      if (aside !== undefined || checkedAt === undefined || isInDoubt) return false
      return isServing || now() - checkedAt < FRESH_MS
    },
    async check(signal) {
      const presence = hasContract(signal)
      // It may fail while the network is awaited, which would count as an unhandled rejection.
      presence.catch(() => {})
      const { passphrase } = await source.network(signal)
      if (passphrase !== networkPassphrase) {
        throw setAside(`serves the network "${passphrase}"`, passphrase)
      }
      if ((await presence) === false) throw setAside(`has no contract ${contractId}`, undefined)
      if (aside !== undefined) log.info({ endpoint: name }, 'RPC back in use')
      aside = undefined
      checkedAt = now()
      isInDoubt = false
      isUnused = true
    },
    answered() {
      isUnused = false
    },
    doubt() {
      isInDoubt = !isUnused
      isUnused = false
    },
    aside: () => aside && { ...aside, isDue: now() >= recheckAt },
  }
}

/** It serves our network, and is set aside only because the contract is missing. */
export function lacksContractOnly(endpoint: Pick<EndpointIdentity, 'aside'>): boolean {
  const aside = endpoint.aside()
  return aside !== undefined && aside.passphrase === undefined
}
