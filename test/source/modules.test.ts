/** What is loaded at every start. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/** The files that are loaded with a module, in a separate process. */
async function loadedWith(module: string): Promise<string[]> {
  const script = `
    import { registerHooks } from 'node:module'
    const files = []
    registerHooks({ load: (url, context, next) => (files.push(url), next(url, context)) })
    await import(${JSON.stringify(new URL(module, import.meta.url).href)})
    console.log(JSON.stringify(files))`
  const args = ['--input-type=module', '--eval', script]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout) as string[]
}

test('the source of RPCs loads neither the SDK nor the simulator', async () => {
  const files = await loadedWith('../../src/daemon/open-source.ts')
  const own = files.filter((file) => !file.includes('/node_modules/'))
  expect(own.some((file) => file.endsWith('/source/rpc/rpc.ts'))).toBe(true)
  expect(own.filter((file) => file.includes('/simulator/'))).toEqual([])
  expect(files.filter((file) => file.includes('/@stellar/'))).toEqual([])
})

test('a start on a migrated file loads neither the SDK nor Drizzle nor what checks tokens', async () => {
  for (const module of ['daemon/daemon.ts', 'daemon/open-log.ts', 'daemon/indexing.ts']) {
    const files = await loadedWith(`../../src/${module}`)
    expect(files.filter((file) => /\/(@stellar|drizzle-orm|jose)\//.test(file))).toEqual([])
  }
})
