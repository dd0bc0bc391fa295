import { chmod, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { run, temporaryFolder } from '../support/process.ts'

/** Turns off the cache that all tests share. */
const OWN_CACHE = { NODE_COMPILE_CACHE: '' }

describe('compiled code', () => {
  test('is kept beside the database', async () => {
    const folder = await temporaryFolder()
    const { err } = await run(['status'], { ...OWN_CACHE, DATABASE_PATH: join(folder, 'a.db') })
    expect(err).toMatch(/there is no database/)
    expect(await readdir(join(folder, '.compile-cache'))).not.toEqual([])
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
