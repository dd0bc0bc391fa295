import { BlockList, isIP } from 'node:net'
import { z } from 'zod'
import { DATABASE_PATH } from './database-path.ts'
import { MAX_LEDGER } from '../domain/cursor.ts'
import { UsageError } from '../domain/errors.ts'
import { isContractId } from '../domain/strkey.ts'
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

/** Defaults are texts, as they would be set; descriptions are what `start --help` prints. */
const Environment = z.object({
  CONTRACT_ID: z
    .string()
    .refine((text) => isContractId(text), {
      error: 'the id of the FlowFi contract, C… of 56 characters with a valid checksum',
    })
    .optional()
    .describe('the FlowFi contract to follow, C…'),
  NETWORK: z
    .string()
    .transform((name) => new Map<string, string>(Object.entries(PASSPHRASES)).get(name) ?? name)
    .refine((passphrase) => /\S \S/.test(passphrase), {
      error: `${Object.keys(PASSPHRASES).join(', ')}, or a network's passphrase`,
    })
    .prefault('testnet')
    .describe('testnet, mainnet, futurenet, or a passphrase'),
  RPC_URL: z
    .string()
    .transform((text) => text.split(',').map((url) => url.trim()))
    .pipe(z.array(Url))
    .optional()
    .describe('Soroban RPCs in order of preference; default: the public one of the network'),
  RPC_AGREEMENT: whole(1, 2).prefault('1').describe('2: two RPCs must return the same events'),
  RPC_TIMEOUT_SECONDS: whole(1, 300).prefault('20').describe('of one call'),
  START_LEDGER: z
    .union([z.enum(['oldest', 'latest']), whole(1, MAX_LEDGER, START_LEDGERS)], {
      error: START_LEDGERS,
    })
    .prefault('oldest')
    .describe('where a new log begins: a ledger, oldest, or latest'),
  DATABASE_PATH: z.string().prefault(DATABASE_PATH).describe('the SQLite file'),
  HOST: z.string().prefault('127.0.0.1').describe('address to listen on'),
  PORT: whole(0, 65_535).prefault('3001').describe('0: any free port'),
  SHARE_PORT: z
    .enum(['true', 'false'], { error: 'true or false' })
    .transform((text) => text === 'true')
    .prefault('false')
    .describe('true: other processes may listen on the same port'),
  LOG_LEVEL: z
    .enum(LOG_LEVELS, { error: `one of ${LOG_LEVELS.join(', ')}` })
    .prefault('info')
    .describe(LOG_LEVELS.join(', ')),
  READY_MAX_LAG: whole(0, MAX_LEDGER)
    .prefault('20')
    .describe('ledgers; with more between checkpoint and tip, /ready is 503'),
  TIP_STALL_SECONDS: whole(0, 86_400)
    .prefault('120')
    .describe('/ready is 503 when the tip stands still for longer; 0: off'),
  HEARTBEAT_SECONDS: whole(1, 300).prefault('15').describe('of silence before a heartbeat'),
  MAX_AGE_SECONDS: whole(1, 604_800)
    .prefault('3600')
    .describe('age at which a subscription is asked to reconnect'),
  STALL_TIMEOUT_SECONDS: whole(1, 3_600)
    .prefault('60')
    .describe('after which a client that reads nothing is closed'),
  DRAIN_SECONDS: whole(0, 600)
    .prefault('3')
    .describe('over which subscribers are told to reconnect at the end'),
  MAX_SUBSCRIPTIONS: whole(0, 1_000_000).prefault('10000').describe('in total'),
  MAX_SUBSCRIPTIONS_PER_ADDRESS: whole(1, 1_000_000)
    .prefault('1000')
    .describe('of one IPv4 address or IPv6 /64'),
  MAX_SUBSCRIPTIONS_PER_USER: whole(1, 1_000_000)
    .prefault('100')
    .describe('of a user that a trusted proxy names'),
  MAX_REPLAYING_SUBSCRIPTIONS: whole(1, 1_000_000)
    .prefault('10000')
    .describe('that replay history at once'),
  MAX_CONNECTIONS_PER_ADDRESS: whole(1, 1_000_000)
    .prefault('256')
    .describe('that have not sent a whole request yet'),
  RATE_LIMIT_PER_MINUTE: whole(0, 1_000_000)
    .prefault('600')
    .describe('REST requests of one address; 0: off'),
  FEED_LANE: z
    .enum(['lean', 'http'], { error: 'one of lean, http' })
    .prefault('lean')
    .describe("http: subscriptions go through Node's HTTP server"),
  AUDIT_INTERVAL_SECONDS: whole(0, 604_800)
    .prefault('600')
    .describe('between two comparisons with the chain; 0: off'),
  TRUST_PROXY: z
    .string()
    .transform((text, context) => {
      const ranges = parseRanges(text)
      if (typeof ranges !== 'string') return ranges
      context.addIssue({ code: 'custom', message: ranges })
      return z.NEVER
    })
    .prefault('')
    .describe('proxies whose X-Forwarded-For is believed: addresses and ranges'),
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
  /** Connections of one address that have not sent a whole request yet. */
  maxConnectionsPerAddress: number
  /** REST requests of one address; 0: no limit. */
  rateLimitPerMinute: number
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

export function variableNames(): string[] {
  return Object.keys(Environment.shape)
}

export interface Variable {
  name: string
  /** As it would be set; undefined where there is none. */
  fallback: string | undefined
  description: string
}

/** Every variable, in the order in which they are documented. */
export function listVariables(): Variable[] {
  const { properties = {} } = z.toJSONSchema(Environment, { io: 'input', unrepresentable: 'any' })
  return Object.entries(properties).map(([name, schema]) => {
    const { default: fallback, description = '' } = typeof schema === 'object' ? schema : {}
    return { name, fallback: typeof fallback === 'string' ? fallback : undefined, description }
  })
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
    maxConnectionsPerAddress: values.MAX_CONNECTIONS_PER_ADDRESS,
    rateLimitPerMinute: values.RATE_LIMIT_PER_MINUTE,
    feedLane: values.FEED_LANE,
    sharePort: values.SHARE_PORT,
    trustProxy: values.TRUST_PROXY,
    auditIntervalSeconds: values.AUDIT_INTERVAL_SECONDS,
    rpcTimeoutSeconds: values.RPC_TIMEOUT_SECONDS,
    rpcAgreement: values.RPC_AGREEMENT === 2 ? 2 : 1,
  }
}

/** The contract to follow. Throws UsageError where a command needs one and none is set. */
export function requireContract({ contractId }: Pick<Config, 'contractId'>): string {
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
}: Pick<Config, 'rpcUrls' | 'networkPassphrase' | 'rpcAgreement'>): readonly string[] {
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
