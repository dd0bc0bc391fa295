import { BlockList, isIP } from 'node:net'
import { z } from 'zod'
import { MAX_LEDGER } from './domain/cursor.ts'
import { UsageError } from './domain/errors.ts'
import { isContractId } from './domain/strkey.ts'
import { redactText } from './redact.ts'

/** Every environment variable, its default, bound and unit; nothing else reads the environment. */

const PASSPHRASES = {
  testnet: 'Test SDF Network ; September 2015',
  mainnet: 'Public Global Stellar Network ; September 2015',
  futurenet: 'Test SDF Future Network ; October 2022',
} as const

/** Where to ask when nobody says: the Stellar foundation's own servers of the test networks. */
const PUBLIC_RPCS: Readonly<Record<string, string>> = {
  [PASSPHRASES.testnet]: 'https://soroban-testnet.stellar.org',
  [PASSPHRASES.futurenet]: 'https://rpc-futurenet.stellar.org',
}

const START_LEDGERS = `a ledger from 1 to ${MAX_LEDGER}, oldest, or latest`
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

function whole(low: number, high: number, legal = `a whole number from ${low} to ${high}`) {
  return z
    .string()
    .regex(/^(0|[1-9]\d{0,15})$/, { error: legal })
    .transform(Number)
    .refine((value) => value >= low && value <= high, { error: legal })
}

const Url = z
  .string()
  .refine((text) => URL.canParse(text) && /^(https?|file):$/.test(new URL(text).protocol), {
    error:
      'one or several URLs of Soroban RPCs (http: or https:) or of recordings (file:), comma-separated',
  })

const Environment = z.object({
  CONTRACT_ID: z
    .string()
    .refine((text) => isContractId(text), {
      error: 'the id of the FlowFi contract, C… of 56 characters with a valid checksum',
    })
    .optional(),
  RPC_URL: z
    .string()
    .transform((text) => text.split(',').map((url) => url.trim()))
    .pipe(z.array(Url))
    .optional(),
  NETWORK: z
    .string()
    .default('testnet')
    .transform((name) => new Map<string, string>(Object.entries(PASSPHRASES)).get(name) ?? name)
    .refine((passphrase) => /\S \S/.test(passphrase), {
      error: `${Object.keys(PASSPHRASES).join(', ')}, or a network's passphrase`,
    }),
  START_LEDGER: z
    .union([z.enum(['oldest', 'latest']), whole(1, MAX_LEDGER, START_LEDGERS)], {
      error: START_LEDGERS,
    })
    .default('oldest'),
  DATABASE_PATH: z.string().default('data/flowfi.db'),
  HOST: z.string().default('127.0.0.1'),
  PORT: whole(0, 65_535).default(3_001),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: `one of ${LOG_LEVELS.join(', ')}` }).default('info'),
  READY_MAX_LAG: whole(0, MAX_LEDGER).default(20),
  TIP_STALL_SECONDS: whole(0, 86_400).default(120),
  HEARTBEAT_SECONDS: whole(1, 300).default(15),
  MAX_AGE_SECONDS: whole(1, 604_800).default(3_600),
  STALL_TIMEOUT_SECONDS: whole(1, 3_600).default(60),
  DRAIN_SECONDS: whole(0, 600).default(3),
  MAX_SUBSCRIPTIONS: whole(0, 1_000_000).default(10_000),
  MAX_SUBSCRIPTIONS_PER_ADDRESS: whole(1, 1_000_000).default(10_000),
  MAX_SUBSCRIPTIONS_PER_USER: whole(1, 1_000_000).default(10_000),
  MAX_REPLAYING_SUBSCRIPTIONS: whole(1, 1_000_000).default(10_000),
  SHARE_PORT: z
    .enum(['true', 'false'], { error: 'true or false' })
    .default('false')
    .transform((text) => text === 'true'),
  FEED_LANE: z.enum(['lean', 'http'], { error: 'one of lean, http' }).default('lean'),
  AUDIT_INTERVAL_SECONDS: whole(0, 604_800).default(600),
  TRUST_PROXY: z
    .string()
    .default('')
    .transform((text, context) => {
      const ranges = parseRanges(text)
      if (typeof ranges !== 'string') return ranges
      context.addIssue({ code: 'custom', message: ranges })
      return z.NEVER
    }),
  RPC_TIMEOUT_SECONDS: whole(1, 300).default(20),
  RPC_AGREEMENT: whole(1, 2).default(1),
})

type Environment = z.infer<typeof Environment>

export interface Config {
  /** Undefined where the command can do without. */
  contractId: string | undefined
  rpcUrls: readonly string[]
  networkPassphrase: string
  startLedger: number | 'oldest' | 'latest'
  databasePath: string
  host: string
  port: number
  logLevel: (typeof LOG_LEVELS)[number]
  /** Ledgers. */
  readyMaxLag: number
  /** 0: off. */
  tipStallSeconds: number
  heartbeatSeconds: number
  maxAgeSeconds: number
  stallTimeoutSeconds: number
  drainSeconds: number
  maxSubscriptions: number
  maxSubscriptionsPerAddress: number
  /** Of users whom a trusted proxy names. */
  maxSubscriptionsPerUser: number
  /** Of all, how many may be catching up with the log at once. */
  maxReplayingSubscriptions: number
  feedLane: 'lean' | 'http'
  /** Whether other processes may listen on the port as well. */
  sharePort: boolean
  trustProxy: BlockList
  /** Between the beginnings of two audits; 0: off. */
  auditIntervalSeconds: number
  rpcTimeoutSeconds: number
  /** How many RPCs must tell the same of a range before it is believed. */
  rpcAgreement: 1 | 2
}

/** Throws UsageError that names each bad variable, its value and what is legal. */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): Config {
  // A variable set to nothing is how compose files say "not set".
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = Environment.safeParse(given)
  if (!parsed.success) throw new UsageError(explain(parsed.error, given))
  const values = parsed.data
  return {
    contractId: values.CONTRACT_ID,
    rpcUrls: rpcUrls(values),
    networkPassphrase: values.NETWORK,
    startLedger: values.START_LEDGER,
    databasePath: values.DATABASE_PATH,
    host: values.HOST,
    port: values.PORT,
    logLevel: values.LOG_LEVEL,
    readyMaxLag: values.READY_MAX_LAG,
    tipStallSeconds: values.TIP_STALL_SECONDS,
    heartbeatSeconds: values.HEARTBEAT_SECONDS,
    maxAgeSeconds: values.MAX_AGE_SECONDS,
    stallTimeoutSeconds: values.STALL_TIMEOUT_SECONDS,
    drainSeconds: values.DRAIN_SECONDS,
    maxSubscriptions: values.MAX_SUBSCRIPTIONS,
    maxSubscriptionsPerAddress: values.MAX_SUBSCRIPTIONS_PER_ADDRESS,
    maxSubscriptionsPerUser: values.MAX_SUBSCRIPTIONS_PER_USER,
    maxReplayingSubscriptions: values.MAX_REPLAYING_SUBSCRIPTIONS,
    feedLane: values.FEED_LANE,
    sharePort: values.SHARE_PORT,
    trustProxy: values.TRUST_PROXY,
    auditIntervalSeconds: values.AUDIT_INTERVAL_SECONDS,
    rpcTimeoutSeconds: values.RPC_TIMEOUT_SECONDS,
    rpcAgreement: values.RPC_AGREEMENT === 2 ? 2 : 1,
  }
}

/** The contract to follow. Throws UsageError where a command needs one and none is set. */
export function requireContract({ contractId }: Config): string {
  if (contractId !== undefined) return contractId
  throw new UsageError(
    'CONTRACT_ID is not set: it is the id of the FlowFi contract to follow, C… of 56 characters. To see the indexer at work without one, run "npm run demo"',
  )
}

/** The RPCs to ask. Throws UsageError where there is none to assume. */
export function requireRpcUrls({
  rpcUrls: urls,
  networkPassphrase,
  rpcAgreement,
}: Config): readonly string[] {
  if (urls.length > 0 && urls.length < rpcAgreement) {
    throw new UsageError(
      `RPC_AGREEMENT=${rpcAgreement} needs at least as many RPCs: add another to RPC_URL, comma-separated`,
    )
  }
  if (urls.length > 0) return urls
  throw new UsageError(
    `RPC_URL is not set, and there is no public RPC to assume for the network "${networkPassphrase}": set it to one or several URLs`,
  )
}

function rpcUrls({ RPC_URL, NETWORK }: Environment): readonly string[] {
  if (RPC_URL !== undefined) return RPC_URL
  const known = PUBLIC_RPCS[NETWORK]
  return known === undefined ? [] : [known]
}

function explain(error: z.ZodError, given: Record<string, string | undefined>): string {
  const seen = new Set<string>()
  const lines = error.issues.flatMap(({ path, message }) => {
    const name = String(path[0])
    if (seen.has(name)) return []
    seen.add(name)
    const value = given[name] ?? ''
    const shown = name === 'RPC_URL' ? redactText(value) : value
    return [`${name}=${JSON.stringify(shown)} is not legal: ${message}`]
  })
  return lines.join('\n')
}

/** Addresses and ranges as a list, or what is wrong with them. */
function parseRanges(text: string): BlockList | string {
  const list = new BlockList()
  for (const range of text.split(',').map((part) => part.trim())) {
    if (range === '') continue
    const [address = '', prefix, ...rest] = range.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    const bits = Number(prefix ?? 0)
    const legal = isIP(address) !== 0 && /^\d*$/.test(prefix ?? '') && prefix !== ''
    if (!legal || rest.length > 0 || bits > (family === 'ipv4' ? 32 : 128)) {
      return 'addresses and ranges of proxies, comma-separated, such as 10.0.0.0/8,::1'
    }
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, bits, family)
  }
  return list
}
