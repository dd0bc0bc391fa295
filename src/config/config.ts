import { z } from 'zod'
import { DATABASE_PATH } from './database-path.ts'
import { MAX_LEDGER } from '../domain/cursor.ts'
import { UsageError } from '../domain/errors.ts'
import { isContractId } from '../domain/strkey.ts'
import { ACCESS_SETTINGS, requireKeys } from './access.ts'
import type { Env } from './env.ts'
import { parseOrigins } from './origins.ts'
import { parseRanges } from './ranges.ts'
import { redactText } from './redact.ts'
import { NODE_SETTINGS } from './nodes.ts'
import { requireSep10, SEP10_SETTINGS } from './sep10.ts'
import { fileVariableOf, readSecretFiles } from './secret-files.ts'

/**
 * The configuration: every environment variable, its default, bound and unit. Nothing but main.ts
 * reads the environment.
 *
 * access           the variables about tokens
 * sep10            the variables about tokens for Stellar accounts
 * nodes            the variables about Redis and other machines
 * secret-files     secrets that come from files
 * env              the type of an environment
 * database-path    the default of DATABASE_PATH, which is needed before this file is loaded
 * compile-cache    keeps compiled code beside the database
 * origins          the form of CORS_ORIGINS
 * ranges           the form of TRUST_PROXY
 * misspelt         finds variables that look like misspelt ones
 * redact           hides credentials in URLs
 * version          the version of this package
 */

const PASSPHRASES = {
  testnet: 'Test SDF Network ; September 2015',
  mainnet: 'Public Global Stellar Network ; September 2015',
  futurenet: 'Test SDF Future Network ; October 2022',
} as const

/** The default of RPC_URL: the Stellar foundation's servers, which exist for test networks only. */
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

/**
 * By name of the field; `variableOf` derives the name of the variable. Defaults are texts, as a user
 * would set them. Descriptions are what `start --help` prints.
 */
const Settings = z.object({
  contractId: z
    .string()
    .refine((text) => isContractId(text), {
      error: 'the id of the FlowFi contract, C… of 56 characters with a valid checksum',
    })
    .optional()
    .describe('the FlowFi contract to follow, C…'),
  networkPassphrase: z
    .string()
    .transform((name) => new Map<string, string>(Object.entries(PASSPHRASES)).get(name) ?? name)
    .refine((passphrase) => /\S \S/.test(passphrase), {
      error: `${Object.keys(PASSPHRASES).join(', ')}, or a network's passphrase`,
    })
    .prefault('testnet')
    .describe('testnet, mainnet, futurenet, or a passphrase'),
  rpcUrls: z
    .string()
    .transform((text) => text.split(',').map((url) => url.trim()))
    .pipe(z.array(Url))
    .optional()
    .describe('Soroban RPCs in order of preference; default: the public one of the network'),
  rpcAgreement: whole(1, 2)
    .transform((value) => (value === 2 ? 2 : 1))
    .prefault('1')
    .describe('2: two RPCs must return the same events'),
  rpcTimeoutSeconds: whole(1, 300).prefault('20').describe('of one call'),
  startLedger: z
    .union([z.enum(['oldest', 'latest']), whole(1, MAX_LEDGER, START_LEDGERS)], {
      error: START_LEDGERS,
    })
    .prefault('oldest')
    .describe('where a new log begins: a ledger, oldest, or latest'),
  databasePath: z.string().prefault(DATABASE_PATH).describe('the SQLite file'),
  host: z.string().prefault('127.0.0.1').describe('address to listen on'),
  port: whole(0, 65_535).prefault('3001').describe('0: any free port'),
  sharePort: z
    .enum(['true', 'false'], { error: 'true or false' })
    .transform((text) => text === 'true')
    .prefault('false')
    .describe('true: other processes may listen on the same port'),
  logLevel: z
    .enum(LOG_LEVELS, { error: `one of ${LOG_LEVELS.join(', ')}` })
    .prefault('info')
    .describe(LOG_LEVELS.join(', ')),
  readyMaxLag: whole(0, MAX_LEDGER)
    .prefault('20')
    .describe('ledgers; with more between checkpoint and tip, /ready is 503'),
  tipStallSeconds: whole(0, 86_400)
    .prefault('120')
    .describe('/ready is 503 when the tip stands still for longer; 0: off'),
  heartbeatSeconds: whole(1, 300).prefault('15').describe('of silence before a heartbeat'),
  maxAgeSeconds: whole(1, 604_800)
    .prefault('3600')
    .describe('age at which a subscription is asked to reconnect'),
  stallTimeoutSeconds: whole(1, 3_600)
    .prefault('60')
    .describe('after which a client that reads nothing is closed'),
  drainSeconds: whole(0, 600)
    .prefault('3')
    .describe('over which subscribers are told to reconnect at the end'),
  maxSubscriptions: whole(0, 1_000_000).prefault('10000').describe('in total'),
  maxSubscriptionsPerAddress: whole(1, 1_000_000)
    .prefault('1000')
    .describe('of one IPv4 address or IPv6 /64'),
  maxSubscriptionsPerUser: whole(1, 1_000_000)
    .prefault('100')
    .describe("of a token's subject, or of a user that a trusted proxy names"),
  maxReplayingSubscriptions: whole(1, 1_000_000)
    .prefault('10000')
    .describe('that replay history at once'),
  maxConnectionsPerAddress: whole(1, 1_000_000)
    .prefault('256')
    .describe('that have not sent a whole request yet'),
  rateLimitPerMinute: whole(0, 1_000_000)
    .prefault('600')
    .describe('REST requests of one address; 0: off'),
  maxWaiting: whole(0, 1_000_000)
    .prefault('1000')
    .describe('requests that wait for the log at once'),
  feedLane: z
    .enum(['lean', 'http'], { error: 'one of lean, http' })
    .prefault('lean')
    .describe("http: subscriptions go through Node's HTTP server"),
  auditIntervalSeconds: whole(0, 604_800)
    .prefault('600')
    .describe('from the start of one comparison with the chain to the next; 0: off'),
  corsOrigins: z
    .string()
    .transform((text, context) => {
      const origins = parseOrigins(text)
      if (typeof origins !== 'string') return origins
      context.addIssue({ code: 'custom', message: origins })
      return z.NEVER
    })
    .prefault('*')
    .describe('origins whose scripts may use the API; *: any'),
  trustProxy: z
    .string()
    .transform((text, context) => {
      const ranges = parseRanges(text)
      if (typeof ranges !== 'string') return ranges
      context.addIssue({ code: 'custom', message: ranges })
      return z.NEVER
    })
    .prefault('')
    .describe('proxies whose X-Forwarded-For is believed: addresses and ranges'),
  ...ACCESS_SETTINGS,
  ...SEP10_SETTINGS,
  ...NODE_SETTINGS,
})

type Settings = z.infer<typeof Settings>

/** `contractId` is optional because not every command needs it. */
export interface Config extends Readonly<Omit<Settings, 'rpcUrls'>> {
  readonly rpcUrls: readonly string[]
}

const IRREGULAR = new Map([
  ['networkPassphrase', 'NETWORK'],
  ['rpcUrls', 'RPC_URL'],
  ['jwtSecrets', 'JWT_SECRET'],
])

/** A bad value of them is not repeated. */
const SECRETS = ['jwtSecrets', 'adminToken', 'sep10SigningKey', 'redisUrl'].map(variableOf)
/** URLs of RPCs can have credentials in them. */
const FROM_FILES = [...SECRETS, variableOf('rpcUrls')]

/** `maxAgeSeconds` is set by MAX_AGE_SECONDS. */
function variableOf(field: string): string {
  const regular = field.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
  return IRREGULAR.get(field) ?? regular
}

export function variableNames(): string[] {
  return [...Object.keys(Settings.shape).map(variableOf), ...FROM_FILES.map(fileVariableOf)]
}

export interface Variable {
  name: string
  /** The default, as a user would set it; undefined if there is none. */
  fallback: string | undefined
  description: string
}

/** Every variable, in the order in which they are documented. */
export function listVariables(): Variable[] {
  const { properties = {} } = z.toJSONSchema(Settings, { io: 'input', unrepresentable: 'any' })
  return Object.entries(properties).map(([field, schema]) => {
    const { default: fallback, description = '' } = typeof schema === 'object' ? schema : {}
    return {
      name: variableOf(field),
      fallback: typeof fallback === 'string' ? fallback : undefined,
      description,
    }
  })
}

/** Throws UsageError that names each bad variable, its value and what is expected. */
export function parseConfig(environment: Env): Config {
  const env = readSecretFiles(environment, FROM_FILES)
  const given = Object.keys(Settings.shape).map((field) => {
    // Compose files set a variable to the empty text to say "not set".
    return [field, env[variableOf(field)] || undefined]
  })
  const parsed = Settings.safeParse(Object.fromEntries(given))
  if (!parsed.success) throw new UsageError(explain(parsed.error, env))
  const { rpcUrls, ...settings } = parsed.data
  requireKeys(settings)
  requireSep10(settings)
  return {
    ...settings,
    rpcUrls: rpcUrls ?? publicRpc(settings.networkPassphrase),
  }
}

function publicRpc(networkPassphrase: string): string[] {
  const url = PUBLIC_RPCS[networkPassphrase]
  return url === undefined ? [] : [url]
}

/** The contract to follow. Throws UsageError if none is set. */
export function requireContract({ contractId }: Pick<Config, 'contractId'>): string {
  if (contractId !== undefined) return contractId
  throw new UsageError(
    'CONTRACT_ID is not set: it is the id of the FlowFi contract to follow, C… of 56 characters. To see the indexer work without one, run "npm run demo"',
  )
}

/** The RPCs to ask. Throws UsageError if none is set and the network has no public one. */
export function requireRpcUrls({
  rpcUrls: urls,
  networkPassphrase,
  rpcAgreement,
}: Pick<Config, 'rpcUrls' | 'networkPassphrase' | 'rpcAgreement'>): readonly string[] {
  if (urls.length > 0 && urls.length < rpcAgreement) {
    throw new UsageError(
      `RPC_AGREEMENT=${rpcAgreement} needs at least ${rpcAgreement} RPCs: add another to RPC_URL, comma-separated`,
    )
  }
  if (urls.length > 0) return urls
  throw new UsageError(
    `RPC_URL is not set, and there is no public RPC for the network "${networkPassphrase}": set it to one or several URLs`,
  )
}

function explain(error: z.ZodError, env: Env): string {
  const messages = new Map<string, string>()
  for (const { path, message } of error.issues) {
    const name = variableOf(String(path[0]))
    if (messages.has(name)) continue
    messages.set(name, `${name}=${shown(name, env[name])} is invalid: expected ${message}`)
  }
  return [...messages.values()].join('\n')
}

function shown(name: string, value = ''): string {
  if (SECRETS.includes(name)) return '***'
  return JSON.stringify(name === 'RPC_URL' ? redactText(value) : value)
}
