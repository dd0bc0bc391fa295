import { describe, expect, test } from 'vitest'
import { createAccess } from '../../src/auth/access.ts'
import type { AccessSettings } from '../../src/auth/access.ts'
import { readCredentials } from '../../src/auth/credentials.ts'
import { narrow, partyOf, PUBLIC } from '../../src/auth/identity.ts'
import { rememberValid } from '../../src/auth/remembered.ts'
import { createTokens } from '../../src/auth/tokens.ts'
import { createVault, VaultUnavailable } from '../../src/auth/vault.ts'
import { answerFrom, createRemoteVault } from '../../src/daemon/remote-vault.ts'
import { EVERYTHING } from '../../src/domain/filter.ts'

const SECRET = 'a secret of at least thirty-two bytes'
const ADMIN_TOKEN = 'an administrator token of 32 bytes'
const SUBJECT = 'GBRPYHIL2CI3FNQ4BXLFMNDLFJUNPU2HY3ZMFSHONUCEOASW7QC7OX2H'
const NOTHING = { authorization: undefined, cookie: undefined }

function accessOf(settings: Partial<AccessSettings> = {}, now: () => number = Date.now) {
  const all = { mode: 'jwt' as const, secrets: [SECRET], adminToken: ADMIN_TOKEN, ...settings }
  return createAccess(all, { now })
}

describe('credentials', () => {
  const all = {
    authorization: 'Bearer header',
    cookie: 'a=b; flowfi_token=cookie; c=d',
    token: 'query',
    ticket: 'ticket',
  }

  test('are the first of header, cookie, query and ticket', () => {
    const { authorization: _header, ...noHeader } = all
    const { cookie: _cookie, ...noCookie } = noHeader
    const { token: _token, ...noToken } = noCookie
    const found = [
      readCredentials(all),
      readCredentials({ ...NOTHING, ...noHeader }),
      readCredentials({ ...NOTHING, ...noCookie }),
      readCredentials({ ...NOTHING, ...noToken }),
      readCredentials(NOTHING),
    ]
    expect(found).toEqual([
      { kind: 'token', token: 'header', isBearer: true },
      { kind: 'token', token: 'cookie', isBearer: false },
      { kind: 'token', token: 'query', isBearer: false },
      { kind: 'ticket', ticket: 'ticket' },
      { kind: 'none' },
    ])
  })

  test('are not in an empty cookie, which is what is left of one after a logout', () => {
    const found = readCredentials({ ...NOTHING, cookie: 'flowfi_token=', token: 'query' })
    expect(found).toEqual({ kind: 'token', token: 'query', isBearer: false })
  })

  test('of an empty bearer header are bad credentials; those of another scheme are none', () => {
    const bearer = readCredentials({ ...all, authorization: 'Bearer' })
    expect(bearer).toEqual({ kind: 'token', token: '', isBearer: true })
    expect(readCredentials({ ...NOTHING, authorization: 'Basic abc' })).toEqual({ kind: 'none' })
  })
})

describe('the sender of a request', () => {
  test('is everybody in open mode, whatever they carry', async () => {
    const access = accessOf({ mode: 'open' })
    expect(await access.senderOf(NOTHING)).toBe(PUBLIC)
    expect(await access.senderOf({ ...NOTHING, authorization: 'Bearer abc' })).toBe(PUBLIC)
    expect(await access.senderOf({ ...NOTHING, ticket: 'abc' })).toBe(PUBLIC)
  })

  test.for(['open', 'jwt'] as const)(
    'in %s mode is an administrator by ADMIN_TOKEN as a bearer',
    async (mode) => {
      const access = accessOf({ mode })
      const bearer = await access.senderOf({ ...NOTHING, authorization: `Bearer ${ADMIN_TOKEN}` })
      expect(bearer).toMatchObject({ admin: true, seesAll: true, subject: null })
      const cookie = await access.senderOf({
        authorization: 'Basic abc',
        cookie: `flowfi_token=${ADMIN_TOKEN}`,
      })
      expect(cookie).toBe(mode === 'open' ? PUBLIC : 'invalid')
    },
  )

  test('in jwt mode is nobody, a subject, or invalid; other credentials are not tried', async () => {
    const access = accessOf()
    const { token } = await access.tokens.issue(SUBJECT, 60)
    expect(await access.senderOf(NOTHING)).toBe('nobody')
    expect(await access.senderOf({ ...NOTHING, token })).toMatchObject({ subject: SUBJECT })
    expect(await access.senderOf({ ...NOTHING, authorization: 'Bearer abc', token })).toBe(
      'invalid',
    )
  })

  test('has a ticket once, for a minute, and is then who asked for it', async () => {
    let time = 1_700_000_000_000
    const access = accessOf({}, () => time)
    const { token } = await access.tokens.issue(SUBJECT, 3_600)
    const identity = await access.senderOf({ ...NOTHING, token })
    if (typeof identity === 'string') throw new Error(identity)
    const first = await access.ticketFor(identity)
    expect(first.expiresAt).toBe(time + 60_000)
    expect(await access.senderOf({ ...NOTHING, ticket: first.ticket })).toEqual(identity)
    expect(await access.senderOf({ ...NOTHING, ticket: first.ticket })).toBe('invalid')
    const second = await access.ticketFor(identity)
    time += 60_000
    expect(await access.senderOf({ ...NOTHING, ticket: second.ticket })).toBe('invalid')
  })

  test('has a ticket no longer than the token that it was asked for with', async () => {
    let time = 1_700_000_000_000
    const access = accessOf({}, () => time)
    const { token, expiresAt } = await access.tokens.issue(SUBJECT, 20)
    const identity = await access.senderOf({ ...NOTHING, token })
    if (typeof identity === 'string') throw new Error(identity)
    const { ticket, ...life } = await access.ticketFor(identity)
    expect(life).toEqual({ expiresAt })
    time = expiresAt
    expect(await access.senderOf({ ...NOTHING, ticket })).toBe('invalid')
  })
})

describe('a token that is remembered', () => {
  const at = 1_700_000_000_000

  test('is checked again after a minute, and when it expires', async () => {
    let time = at
    let checks = 0
    const tokens = createTokens({ secrets: [SECRET] }, () => time)
    const counted = (token: string) => {
      checks += 1
      return tokens.verify(token)
    }
    const verify = rememberValid(counted, () => time)
    const { token } = await tokens.issue(SUBJECT, 90)
    for (const [seconds, expiresAfter, checked] of [
      [0, 90, 1],
      [59, 90, 1],
      [60, 90, 2],
      [89, 90, 2],
      [90, 120, 3],
      [119, 120, 3],
      [120, undefined, 4],
    ] as const) {
      time = at + seconds * 1_000
      const expiresAt = (await verify(token))?.expiresAt
      const expected = expiresAfter === undefined ? undefined : at + expiresAfter * 1_000
      expect([seconds, expiresAt, checks]).toEqual([seconds, expected, checked])
    }
  })

  test('makes room for others, and one that is not valid is not remembered', async () => {
    const checked: string[] = []
    const identity = { ...PUBLIC, subject: SUBJECT }
    const verify = rememberValid(
      async (token) => {
        checked.push(token)
        return token === 'bad' ? undefined : identity
      },
      () => at,
      2,
    )
    for (const token of ['a', 'b', 'bad', 'bad', 'a', 'c', 'b', 'a']) await verify(token)
    expect(checked).toEqual(['a', 'b', 'bad', 'bad', 'c', 'a'])
  })
})

describe('a vault', () => {
  test('P8: has room for a bounded number of values and of claims, and forgets none for another', async () => {
    let time = 0
    const vault = createVault(() => time, 2)
    const claim = (key: string) => vault.claim(key, { issuedAt: 0, expiresAt: 2_000 })
    for (const key of ['a', 'b']) await vault.put(key, key, 2_000)
    await expect(vault.put('c', 'c', 2_000)).rejects.toThrow(VaultUnavailable)
    expect([await claim('a'), await claim('b')]).toEqual([true, true])
    await expect(claim('c')).rejects.toThrow(VaultUnavailable)
    expect([await claim('a'), await claim('b')]).toEqual([false, false])
    expect(await vault.take('a')).toBe('a')
    await vault.put('c', 'c', 4_000)
    expect(await vault.take('b')).toBe('b')
    time = 2_000
    expect([await claim('c'), await claim('a')]).toEqual([true, true])
    expect(await vault.take('c')).toBe('c')
  })

  test('P8: is full for every worker, whose clients get a refusal', async () => {
    const vault = createVault(() => 0, 1)
    const remote = createRemoteVault((request) => answerFrom(vault, request))
    await remote.put('a', '1', 1)
    await expect(remote.put('b', '2', 1)).rejects.toThrow(VaultUnavailable)
    expect(await remote.take('a')).toBe('1')
    const silent = createRemoteVault(async () => undefined)
    await expect(silent.put('a', '1', 1)).rejects.toThrow(VaultUnavailable)
    expect(await silent.take('a')).toBeUndefined()
  })

  test('gives a key to one claimant until it expires', async () => {
    let time = 0
    const vault = createVault(() => time)
    expect(await vault.claim('a', { issuedAt: 0, expiresAt: 10 })).toBe(true)
    expect(await vault.claim('a', { issuedAt: 0, expiresAt: 20 })).toBe(false)
    time = 10
    expect(await vault.claim('a', { issuedAt: 0, expiresAt: 20 })).toBe(true)
  })

  test('gives no key from before it began: an earlier vault may have given it', async () => {
    const vault = createVault(() => 5_900)
    expect(await vault.claim('a', { issuedAt: 4_000, expiresAt: 9_000 })).toBe(false)
    expect(await vault.claim('b', { issuedAt: 5_000, expiresAt: 9_000 })).toBe(true)
  })
})

describe('an identity', () => {
  const subject = { subject: SUBJECT, seesAll: false, admin: false, expiresAt: undefined }

  test('narrows every filter to what concerns its subject', () => {
    const filter = { ...EVERYTHING, users: ['G'] }
    expect(narrow(filter, subject)).toEqual({ ...filter, party: SUBJECT })
    expect(narrow(EVERYTHING, subject)).toEqual({ ...EVERYTHING, users: [SUBJECT] })
    expect(narrow(filter, { ...subject, seesAll: true })).toBe(filter)
    expect(narrow(filter, PUBLIC)).toBe(filter)
  })

  test('whose subject is not an address owns nothing, which is not everything', () => {
    expect(partyOf({ ...subject, subject: 'M…' })).toBe('M…')
    expect(partyOf({ ...subject, subject: null })).toBe('')
  })
})
