import { readdirSync } from 'node:fs'
import { chmod, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { environment, simulate } from '../support/daemon.ts'
import { launchServer, run, temporaryFolder } from '../support/process.ts'
import { loadRecording } from '../support/recordings.ts'

/** Turns off the cache that all tests share. */
const OWN_CACHE = { NODE_COMPILE_CACHE: '' }

describe('compiled code', () => {
  test('is kept beside the database', async () => {
    const folder = await temporaryFolder()
    const { err } = await run(['status'], { ...OWN_CACHE, DATABASE_PATH: join(folder, 'a.db') })
    expect(err).toMatch(/there is no database/)
    expect(await readdir(join(folder, '.compile-cache'))).not.toEqual([])
  })

  test('is kept by a daemon while it runs, because one that is killed cannot keep it', async () => {
    const folder = await temporaryFolder()
    const recording = await loadRecording('first-steps')
    const { url: rpcUrl } = await simulate(recording)
    const databasePath = join(folder, 'a.db')
    await launchServer(['start'], {
      ...environment(recording, { rpcUrl, databasePath }),
      ...OWN_CACHE,
    })
    await expect
      .poll(() => readdirSync(join(folder, '.compile-cache'), { recursive: true }).length)
      .toBeGreaterThan(200)
  })

  test('is not needed: a read-only folder is no failure', async () => {
    const folder = await temporaryFolder()
    await chmod(folder, 0o500)
    const { code, err } = await run(['status'], {
      ...OWN_CACHE,
      DATABASE_PATH: join(folder, 'a.db'),
    })
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(/there is no database/) })
  })

  test('is not kept if the folder of the database does not exist', async () => {
    const folder = await temporaryFolder()
    await run(['status'], { ...OWN_CACHE, DATABASE_PATH: join(folder, 'new', 'a.db') })
    expect(await readdir(folder)).toEqual([])
  })
})
