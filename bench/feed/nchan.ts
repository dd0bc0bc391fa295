import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { once } from 'node:events'
import { monotonic } from './calls.ts'
import { EVENT_TYPE, TEXT } from './rival-event.ts'
import type { Served } from './served.ts'

const NGINX = '/usr/sbin/nginx'
const MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so'
/** The unit of CPU time in /proc/PID/stat, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4_096

/** nginx with nchan and one worker process; undefined if it is not installed. */
export async function startNchan(): Promise<Served | undefined> {
  if (!existsSync(NGINX) || !existsSync(MODULE)) return undefined
  const folder = await mkdtemp(join(tmpdir(), 'flowfi-nchan-'))
  const port = await freePort()
  await writeFile(
    join(folder, 'nginx.conf'),
    `load_module ${MODULE};
daemon off; worker_processes 1; worker_rlimit_nofile 60000; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 50000; }
http {
  access_log off; client_body_temp_path ${folder}/body;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /pub { nchan_publisher; nchan_channel_id all; nchan_message_buffer_length 100; }
    location / { nchan_subscriber eventsource; nchan_channel_id all; nchan_subscriber_first_message newest; nchan_eventsource_ping_interval 0; }
  }
}
`,
  )
  const master = spawn(NGINX, ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}/pub`
  const publish = async () => {
    const headers = { 'X-EventSource-Event': EVENT_TYPE }
    const response = await fetch(url, { method: 'POST', body: TEXT, headers })
    await response.arrayBuffer()
  }
  for (let tries = 0; tries < 100; tries += 1) {
    const answers = await publish().then(
      () => true,
      () => false,
    )
    if (answers) break
    await sleep(50)
  }
  const worker = childOf(master.pid ?? 0)
  return {
    port,
    cpu: () => Promise.resolve(cpuOf(worker)),
    rss: () => Promise.resolve(rssOf(worker)),
    async commit({ count }) {
      const at = monotonic()
      for (let index = 0; index < count; index += 1) await publish()
      return { at, ids: [] }
    },
    async stop() {
      const gone = once(master, 'exit')
      master.kill('SIGKILL')
      process.kill(worker, 'SIGKILL')
      await gone
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function childOf(parent: number): number {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const fields = statOf(Number(name))
      if (Number(fields[1]) === parent) return Number(name)
    } catch {
      // The process has ended in the meantime.
    }
  }
  throw new Error('nginx has no worker')
}

/** The fields after the process's name. */
function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

function cpuOf(pid: number): number {
  const fields = statOf(pid)
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS_PER_SECOND
}

function rssOf(pid: number): number {
  const [, resident = '0'] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')
  return Number(resident) * PAGE_BYTES
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
