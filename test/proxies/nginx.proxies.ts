import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../support/process.ts'
import { run, testProxy } from './proxy.suite.ts'
import type { Proxy } from './proxy.suite.ts'

testProxy('nginx', startNginx)

async function startNginx(daemonPort: number): Promise<Proxy> {
  const folder = await mkdtemp(join(tmpdir(), 'proxy-'))
  // Its worker is another user.
  await chmod(folder, 0o755)
  const port = await freePort()
  const file = await readFile('deploy/nginx.conf', 'utf8')
  const site = file.replaceAll('127.0.0.1:3001', `127.0.0.1:${daemonPort}`)
  await writeFile(join(folder, 'flowfi.conf'), site.replace('listen 80;', `listen ${port};`))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${join(folder, kind)};`)
    .join(' ')
  const main = `daemon off; pid ${join(folder, 'pid')}; error_log stderr;
events {} http { access_log off; ${temporary} include ${join(folder, 'flowfi.conf')}; }`
  await writeFile(join(folder, 'nginx.conf'), main)
  return run(['nginx', '-p', folder, '-c', join(folder, 'nginx.conf')], { folder, port })
}
