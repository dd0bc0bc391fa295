import { expect, test } from 'vitest'
import { variableNames } from '../../src/config/config.ts'
import { findMisspelt } from '../../src/config/misspelt.ts'

const NAMES = variableNames()

test.each([
  ['POTR', 'PORT'],
  ['RPCURL', 'RPC_URL'],
  ['RPC_URLS', 'RPC_URL'],
  ['port', 'PORT'],
  ['CONTRACTID', 'CONTRACT_ID'],
  ['CONTRACT-ID', 'CONTRACT_ID'],
  ['CONTARCT_ID', 'CONTRACT_ID'],
  ['NETWROK', 'NETWORK'],
  ['DATABSE_PATH', 'DATABASE_PATH'],
  ['HEARTBEAT_SECS', 'HEARTBEAT_SECONDS'],
  ['MAX_AGE', 'MAX_AGE_SECONDS'],
  ['RPC_TIMEOUT', 'RPC_TIMEOUT_SECONDS'],
  ['MAX_SUBSCRIPTION', 'MAX_SUBSCRIPTIONS'],
])('%s looks like a misspelt %s', (found, meant) => {
  expect(findMisspelt({ [found]: 'x', OTHER: 'y' }, NAMES)).toEqual([{ found, meant }])
})

test('names that other programs use, and names that are right, are not reported', () => {
  const common = `
    PATH HOME HOSTNAME HOSTTYPE PWD OLDPWD SHELL SHLVL LANG USER LOGNAME TERM TZ PS1 TMPDIR EDITOR MAIL DISPLAY COLUMNS LINES DATABASE_URL RPC_PORT RPC_SERVICE_HOST REDIS_URL NODE_ENV NODE_OPTIONS HTTP_PROXY NO_PROXY npm_config_port npm_lifecycle_event SSH_AUTH_SOCK _ DEBUG CI PROMPT MANPATH XDG_RUNTIME_DIR KUBERNETES_PORT LS_COLORS`
    .trim()
    .split(/\s+/)
  const env = Object.fromEntries([...common, ...NAMES].map((name) => [name, 'x']))
  expect(findMisspelt(env, NAMES)).toEqual([])
  expect(findMisspelt(Object.fromEntries(common.map((name) => [name, 'x'])), NAMES)).toEqual([])
})

test('a name near one that is set too is not reported', () => {
  expect(findMisspelt({ PORT: '1', PORTS: '2' }, NAMES)).toEqual([])
})
