import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../support/process.ts'
import { run, testProxy } from './proxy.suite.ts'
import type { Proxy } from './proxy.suite.ts'

testProxy('caddy', startCaddy)

async function startCaddy(daemonPort: number): Promise<Proxy> {
  const folder = await mkdtemp(join(tmpdir(), 'proxy-'))
  const port = await freePort()
  const file = await readFile('deploy/Caddyfile', 'utf8')
  await writeFile(join(folder, 'Caddyfile'), `{\n\tadmin off\n}\n${file}`)
  const env = {
    HOME: folder,
    FLOWFI_SITE: `:${port}`,
    FLOWFI_INDEXER: `127.0.0.1:${daemonPort}`,
  }
  return run(['caddy', 'run', '--config', join(folder, 'Caddyfile')], { folder, port, env })
}
