import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseConfig, requireContract, requireRpcUrls } from '../../src/config/config.ts'
import { UsageError } from '../../src/domain/errors.ts'
import { temporaryFolder } from '../support/process.ts'

const CONTRACT = 'CACO6QXNRDFE6TQSJGTQYAM7FM6YQUBG7XKT7EYEB3ALRTBMVS3A6EK5'
const ACCOUNT = 'GDCCQSSJYYUQY7ZLP67RVMFOS2S7KRNEDRAUMMHF6EAF4KPXZMI7TMBF'
const BAD_CHECKSUM = `${CONTRACT.slice(0, -1)}4`
const HUGE = '9'.repeat(10_240)
/** What every object inherits. */
const INHERITED = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']

function refusal(env: Record<string, string>): string {
  try {
    parseConfig(env)
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError)
    return (error as UsageError).message
  }
  return expect.unreachable(`${JSON.stringify(env).slice(0, 200)} was accepted`)
}

const NOT_WHOLE = [
  '-1',
  '+1',
  '1e3',
  '1.5',
  '0x10',
  '01',
  '00',
  ' ',
  ' 5',
  '5 ',
  '5\n',
  '1_000',
  'ten',
  'NaN',
  'Infinity',
  'true',
  '٣',
  '９',
  HUGE,
  ...INHERITED,
]

const WHOLE: Record<string, [low: number, high: number]> = {
  PORT: [0, 65_535],
  READY_MAX_LAG: [0, 2_147_483_647],
  TIP_STALL_SECONDS: [0, 86_400],
  HEARTBEAT_SECONDS: [1, 300],
  MAX_AGE_SECONDS: [1, 604_800],
  STALL_TIMEOUT_SECONDS: [1, 3_600],
  DRAIN_SECONDS: [0, 600],
  MAX_SUBSCRIPTIONS: [0, 1_000_000],
  MAX_SUBSCRIPTIONS_PER_ADDRESS: [1, 1_000_000],
  MAX_SUBSCRIPTIONS_PER_USER: [1, 1_000_000],
  MAX_REPLAYING_SUBSCRIPTIONS: [1, 1_000_000],
  MAX_CONNECTIONS_PER_ADDRESS: [1, 1_000_000],
  RATE_LIMIT_PER_MINUTE: [0, 1_000_000],
  MAX_WAITING: [0, 1_000_000],
  AUDIT_INTERVAL_SECONDS: [0, 604_800],
  RPC_TIMEOUT_SECONDS: [1, 300],
  RPC_AGREEMENT: [1, 2],
}

const OTHERS: Record<string, { legal: RegExp; bad: string[] }> = {
  CONTRACT_ID: {
    legal: /the id of the FlowFi contract, C… of 56 characters/,
    bad: [
      ACCOUNT,
      BAD_CHECKSUM,
      CONTRACT.toLowerCase(),
      ` ${CONTRACT}`,
      `${CONTRACT}\n`,
      `${CONTRACT},${CONTRACT}`,
      CONTRACT.slice(1),
      'undefined',
      '0',
      HUGE,
      ...INHERITED,
    ],
  },
  RPC_URL: {
    legal: /URLs of Soroban RPCs \(http: or https:\) or of recordings \(file:\), comma-separated/,
    bad: [
      ' ',
      ',',
      'localhost:8000',
      'soroban-testnet.stellar.org',
      'http://',
      'ftp://localhost',
      'ws://localhost',
      'javascript:alert(1)',
      'http://localhost:99999',
      'http://localhost,',
      'http://localhost,,http://localhost',
      HUGE,
      ...INHERITED,
    ],
  },
  NETWORK: {
    legal: /testnet, mainnet, futurenet, or a network's passphrase/,
    bad: ['TESTNET', 'pubnet', 'main', ' ', ' testnet', '0', '٣', HUGE, ...INHERITED],
  },
  START_LEDGER: {
    legal: /a ledger from 1 to 2147483647, oldest, or latest/,
    bad: ['0', '2147483648', 'newest', 'OLDEST', 'oldest,latest', ...NOT_WHOLE],
  },
  LOG_LEVEL: {
    legal: /one of trace, debug, info, warn, error, fatal, silent/,
    bad: ['INFO', 'verbose', '30', 'info,debug', ' ', HUGE, ...INHERITED],
  },
  AUTH: {
    legal: /expected open or jwt$/,
    bad: ['JWT', 'none', 'true', ' ', 'open,jwt', HUGE, ...INHERITED],
  },
  JWT_JWKS_URL: {
    legal: /the URL \(https: or http:\) of a JSON Web Key Set/,
    bad: ['id.example/keys', 'file:///keys', 'ftp://id.example', ' ', 'http://', ...INHERITED],
  },
  TRUST_PROXY: {
    legal: /addresses and ranges of proxies, comma-separated, such as 10\.0\.0\.0\/8,::1/,
    bad: [
      'true',
      '*',
      'localhost',
      '256.0.0.1',
      '10.0.0',
      '10.0.0.0/33',
      '10.0.0.0/-1',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '10.0.0.0/1e1',
      '10.0.0.0/ 8',
      '/8',
      '::1/129',
      ':::1',
      '10.0.0.0/8;::1',
      '10.0.0.0/8 ::1',
      HUGE,
      ...INHERITED,
    ],
  },
}

describe('an invalid value is refused with its variable, the value and what is expected', () => {
  test.each(Object.entries(WHOLE))('%s', (name, [low, high]) => {
    for (const value of [...NOT_WHOLE, String(low - 1), String(high + 1)]) {
      expect(refusal({ [name]: value })).toBe(
        `${name}=${JSON.stringify(value)} is invalid: expected a whole number from ${low} to ${high}`,
      )
    }
    for (const value of [low, high]) parseConfig({ [name]: String(value) })
  })

  test.each(Object.entries(OTHERS))('%s', (name, { legal, bad }) => {
    for (const value of bad) {
      const message = refusal({ [name]: value })
      expect(
        message.startsWith(`${name}=${JSON.stringify(value)} is invalid: expected `),
        message,
      ).toBe(true)
      expect(message).toMatch(legal)
    }
  })

  test.each([
    ['ftp://me:secret@rpc.example/', 'ftp://***@rpc.example/'],
    ['http://me:sec,ret@', 'http://***@'],
    ['me:secret/@rpc.example', '***@rpc.example'],
    ['rpc.example?secret', 'rpc.example?***'],
    ['//rpc.example/v2/secret-secret-secret,x', '//rpc.example/v2/***,x'],
    ['https://a.example/,https://me:secret@b.example:99999', 'https://***@b.example:99999'],
  ])('credentials are hidden: RPC_URL=%s', (value, shown) => {
    expect(refusal({ RPC_URL: value })).toContain(`RPC_URL="${shown}" is invalid: expected `)
  })

  test('several invalid variables are each named once', () => {
    const lines = refusal({ PORT: 'x', LOG_LEVEL: 'y', RPC_URL: 'a,b', CONTRACT_ID: CONTRACT })
    expect(lines.split('\n').map((line) => line.split('=')[0])).toEqual([
      'RPC_URL',
      'PORT',
      'LOG_LEVEL',
    ])
  })
})

describe('a variable that is not set', () => {
  test('has its default', () => {
    expect(parseConfig({})).toMatchObject({
      contractId: undefined,
      rpcUrls: ['https://soroban-testnet.stellar.org'],
      networkPassphrase: 'Test SDF Network ; September 2015',
      startLedger: 'oldest',
      databasePath: 'data/flowfi.db',
      host: '127.0.0.1',
      port: 3_001,
      logLevel: 'info',
      readyMaxLag: 20,
      tipStallSeconds: 120,
      heartbeatSeconds: 15,
      maxAgeSeconds: 3_600,
      stallTimeoutSeconds: 60,
      drainSeconds: 3,
      maxSubscriptions: 10_000,
      maxSubscriptionsPerAddress: 1_000,
      maxSubscriptionsPerUser: 100,
      maxReplayingSubscriptions: 10_000,
      maxConnectionsPerAddress: 256,
      rateLimitPerMinute: 600,
      maxWaiting: 1_000,
      rpcTimeoutSeconds: 20,
    })
  })

  test('is the same as one that is set to the empty text', () => {
    const names = [...Object.keys(WHOLE), ...Object.keys(OTHERS), 'DATABASE_PATH', 'HOST']
    const empty = Object.fromEntries(names.map((name) => [name, '']))
    expect(parseConfig(empty)).toEqual(parseConfig({}))
  })

  test('is asked for by a command that needs it', () => {
    const unset = parseConfig({ NETWORK: 'mainnet' })
    expect(() => requireContract(unset)).toThrow(UsageError)
    expect(() => requireContract(unset)).toThrow(/CONTRACT_ID is not set: .* "npm run demo"/)
    expect(() => requireRpcUrls(unset)).toThrow(UsageError)
    expect(() => requireRpcUrls(unset)).toThrow(/RPC_URL is not set.*Public Global.*URLs/)
  })
})

describe('a secret', () => {
  const SECRET = 'a secret of at least thirty-two bytes'

  test('that is too short is refused, and not repeated', () => {
    for (const [name, value] of [
      ['JWT_SECRET', 'short'],
      ['JWT_SECRET', `${SECRET},short`],
      ['JWT_SECRET', ','],
      ['ADMIN_TOKEN', SECRET.slice(0, 31)],
    ] as const) {
      expect(refusal({ [name]: value })).toMatch(
        new RegExp(`^${name}=\\*\\*\\* is invalid: expected .* at least 32 `),
      )
    }
  })

  test('can be several, the first of which signs', () => {
    const { jwtSecrets } = parseConfig({ JWT_SECRET: `${SECRET}, another ${SECRET}` })
    expect(jwtSecrets).toEqual([SECRET, `another ${SECRET}`])
  })

  test('can come from a file, without its last line break', async () => {
    const path = join(await temporaryFolder(), 'secret')
    await writeFile(path, `${SECRET}\n`)
    expect(parseConfig({ ADMIN_TOKEN_FILE: path }).adminToken).toBe(SECRET)
    await writeFile(`${path}.url`, 'https://me:key@rpc.example/')
    const { rpcUrls } = parseConfig({ RPC_URL_FILE: `${path}.url` })
    expect(rpcUrls).toEqual(['https://me:key@rpc.example/'])
    expect(refusal({ ADMIN_TOKEN_FILE: path, ADMIN_TOKEN: SECRET })).toMatch(/both set/)
    await writeFile(path, '')
    expect(refusal({ JWT_SECRET_FILE: path })).toMatch(/JWT_SECRET_FILE=.*secret" is empty/)
    await writeFile(path, 'short')
    expect(refusal({ JWT_SECRET_FILE: path })).toMatch(/^JWT_SECRET=\*\*\* is invalid/)
    expect(refusal({ JWT_SECRET_FILE: `${path}.gone` })).toMatch(/gone" cannot be read \(ENOENT\)/)
  })

  test('or a key set is needed by AUTH=jwt', () => {
    expect(refusal({ AUTH: 'jwt' })).toMatch(/AUTH=jwt needs keys .*JWT_SECRET, JWT_JWKS_URL/)
    expect(parseConfig({ AUTH: 'jwt', JWT_SECRET: SECRET }).auth).toBe('jwt')
    const JWT_JWKS_URL = 'https://id.example/keys'
    expect(parseConfig({ AUTH: 'jwt', JWT_JWKS_URL }).jwtJwksUrl).toBe(JWT_JWKS_URL)
  })
})

describe('valid values', () => {
  test('NETWORK is a name or a passphrase', () => {
    const passphrase = (NETWORK: string) => parseConfig({ NETWORK }).networkPassphrase
    expect(passphrase('mainnet')).toBe('Public Global Stellar Network ; September 2015')
    expect(passphrase('futurenet')).toBe('Test SDF Future Network ; October 2022')
    expect(passphrase('Standalone Network ; February 2017')).toBe(
      'Standalone Network ; February 2017',
    )
  })

  test('RPC_URL is one URL or several, in order', () => {
    const { rpcUrls } = parseConfig({ RPC_URL: 'https://a.example/key, file:///r.jsonl' })
    expect(rpcUrls).toEqual(['https://a.example/key', 'file:///r.jsonl'])
  })

  test('TRUST_PROXY is a list of addresses and ranges, of IPv4 and IPv6', () => {
    const { trustProxy } = parseConfig({ TRUST_PROXY: '10.0.0.0/8, ::1,192.0.2.7,2001:db8::/32,' })
    expect(trustProxy.check('10.255.0.1')).toBe(true)
    expect(trustProxy.check('192.0.2.7')).toBe(true)
    expect(trustProxy.check('192.0.2.8')).toBe(false)
    expect(trustProxy.check('::1', 'ipv6')).toBe(true)
    expect(trustProxy.check('2001:db8::1', 'ipv6')).toBe(true)
    expect(parseConfig({ TRUST_PROXY: '0.0.0.0/0' }).trustProxy.check('192.0.2.8')).toBe(true)
  })
})
