import { writeFile } from 'node:fs/promises'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { listVariables } from '../../src/config/config.ts'
import { environment, simulate } from '../support/daemon.ts'
import { run, takenPort, temporaryFolder } from '../support/process.ts'
import { fixture } from '../support/recorded.ts'
import { loadRecording } from '../support/recordings.ts'

/** A mistake at the command line ends with 2 and a text that says what to do, without a stack. */

const recording = await loadRecording('first-steps')
const COMMANDS: Record<string, RegExp> = {
  start: /--fresh[^]*--workers <number>/,
  serve: /--help/,
  demo: /--help/,
  sync: /--from <ledger>/,
  rebuild: /--help/,
  record: /--from <ledger>[^]*--to <ledger>[^]*--out <file>/,
  simulate: /--fixture <file>[^]*--speed <factor>[^]*--port <number>[^]*--faults <file>/,
  status: /--help/,
}

/** The environment that follows a simulated RPC. */
async function followed(): Promise<Record<string, string>> {
  const simulator = await simulate(recording)
  return environment(recording, {
    rpcUrl: simulator.url,
    databasePath: `${await temporaryFolder()}/indexer.db`,
  })
}

/** The same, with a database that has been filled. */
async function synced(): Promise<Record<string, string>> {
  const env = await followed()
  expect(await run(['sync'], env)).toMatchObject({ code: 0 })
  return env
}

async function refused(args: string[], env: Record<string, string> = {}): Promise<string> {
  const { code, out, err } = await run(args, env)
  expect([code, out, /^ +at .*:\d+:\d+/m.test(err)]).toEqual([2, '', false])
  return err
}

async function usageError(args: string[], env: Record<string, string> = {}): Promise<string> {
  const err = await refused(args, env)
  expect(err).toMatch(/^flowfi-indexer: /)
  return err
}

test('--help lists every command, each command’s --help lists its options, --version prints the version', async () => {
  const [{ code, out }, version] = await Promise.all([run(['--help']), run(['--version'])])
  expect(code).toBe(0)
  expect(version).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  const names = [...out.matchAll(/^ {2}([a-z]+) .*/gm)].map(([, name = '']) => name)
  expect(names).toEqual(expect.arrayContaining(Object.keys(COMMANDS)))
  const commands = names.filter((name) => name !== 'help')
  const helps = await Promise.all(commands.map((name) => run([name, '--help'])))
  for (const [index, help] of helps.entries()) {
    const name = commands[index]!
    expect([name, help.code, help.err]).toEqual([name, 0, ''])
    expect(help.out).toContain(`Usage: flowfi-indexer ${name}`)
    expect(help.out).toMatch(COMMANDS[name] ?? /--help/)
  }
})

test('start --help lists every variable with its default, and how to read them from a file', async () => {
  const { out } = await run(['start', '--help'])
  for (const { name, fallback } of listVariables()) {
    const [line] = new RegExp(`^  ${name} .*$`, 'm').exec(out) ?? ['']
    expect(line).toContain(name)
    if (fallback) expect(line).toContain(`(default: ${fallback})`)
  }
  expect(out).toContain('--env-file=.env')
})

test('a variable that looks misspelt is reported, and the command goes on', async () => {
  const { code, err } = await run(['status'], {
    ...(await synced()),
    HEARTBEAT_SECS: 'x',
    EDITOR: 'vi',
  })
  expect([code, err]).toEqual([
    0,
    'flowfi-indexer: HEARTBEAT_SECS is not a variable of this program; did you mean HEARTBEAT_SECONDS?\n',
  ])
})

test('the program is committed executable, so that npx does not change the checkout', () => {
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
  expect(statSync(main).mode & 0o111).toBe(0o111)
})

describe('exit code 2', () => {
  test('an unknown option and an unknown command are refused', async () => {
    const [option, command] = await Promise.all([
      refused(['status', '--nothing']),
      refused(['strat']),
    ])
    expect(option).toContain("unknown option '--nothing'")
    expect(command).toMatch(/unknown command 'strat'[^]*start/)
  })

  test('a missing option and an invalid value of an option are refused', async () => {
    const record = ['record', '--from', '1', '--to']
    const [missing, illegal] = await Promise.all([
      refused([...record, '2']),
      refused([...record, 'x', '--out', 'a']),
    ])
    expect(missing).toContain("required option '--out <file>'")
    expect(illegal).toMatch(/--to.*'x'.*whole number from 1/)
  })

  test('a missing CONTRACT_ID is refused, and the demo is offered', async () => {
    expect(await usageError(['start'])).toMatch(/CONTRACT_ID is not set.*npm run demo/)
  })

  test('an invalid variable is refused by every command', async () => {
    const err = await usageError(['demo'], { PORT: 'eighty' })
    expect(err).toContain('PORT="eighty" is invalid: expected a whole number from 0 to 65535')
  })

  test('a taken port is refused, and another is proposed', async () => {
    const port = await takenPort()
    const err = await usageError(['start'], { ...(await followed()), PORT: String(port) })
    expect(err).toMatch(
      new RegExp(`port ${port} on 127\\.0\\.0\\.1 is taken by another program.*PORT=${port + 1}`),
    )
  })

  test('an RPC of another network is refused', async () => {
    const err = await usageError(['start'], { ...(await followed()), NETWORK: 'mainnet' })
    expect(err).toMatch(/network "Test SDF.*set RPC_URL/)
  })

  test('a contract that the RPC does not have is refused by sync', async () => {
    const { contractId: CONTRACT_ID } = (await loadRecording('quirks')).header
    const err = await refused(['sync'], { ...(await followed()), CONTRACT_ID })
    expect(err).toMatch(/no RPC serves the contract.*has no contract.*set RPC_URL.*CONTRACT_ID/)
  })

  test('a missing database is refused by commands that read one', async () => {
    const DATABASE_PATH = `${await temporaryFolder()}/none.db`
    const commands = ['status', 'rebuild'].map((name) => usageError([name], { DATABASE_PATH }))
    for (const err of await Promise.all(commands)) {
      expect(err).toMatch(/no database at .*DATABASE_PATH/)
    }
  })

  test('an invalid fault script is refused, and the format is shown', async () => {
    const script = `${await temporaryFolder()}/faults.json`
    await writeFile(script, '[{ "when": { "call": 0 } }]')
    const args = [
      'simulate',
      '--port',
      '0',
      '--fixture',
      fixture('first-steps'),
      '--faults',
      script,
    ]
    expect(await usageError(args)).toMatch(/faults\.json: .*is invalid[^]*A fault script is/)
  })
})
