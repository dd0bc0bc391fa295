import { createHash } from 'node:crypto'
import { statfsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parseCursor } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'

/** Downloads a snapshot of another node. */

export interface FetchOptions {
  /** The full URL of its `/admin/snapshot`. */
  url: string
  token: string
  /** The file to write. */
  to: string
}

/** The other node copies its whole database before it answers. */
const ANSWER_MS = 600_000
/** A connection that brings nothing for so long is dead. */
const SILENT_MS = 60_000
/** What has to stay free on the disk. */
const SPARE_BYTES = 64 * 1024 * 1024

/**
 * Downloads the file and compares it with what its sender says about it. Returns the position that
 * the sender names. Throws with the reason if the file is not whole, or not as it was sent.
 */
export async function fetchSnapshot(options: FetchOptions, signal: AbortSignal): Promise<Cursor> {
  const silence = createSilence()
  const either = AbortSignal.any([signal, silence.signal])
  try {
    silence.allow(ANSWER_MS)
    const response = await fetch(options.url, {
      headers: { authorization: `Bearer ${options.token}`, 'accept-encoding': 'identity' },
      // The token must not go anywhere else.
      redirect: 'error',
      signal: either,
    })
    const { body } = response
    if (response.status !== 200 || body === null) throw new Error(await refusalOf(response))
    const said = readHeaders(response.headers, dirname(options.to))
    const got = await save(body, { ...options, most: said.bytes, heard: silence.allow })
    if (got.bytes !== said.bytes) {
      throw new Error(`it was cut: ${got.bytes} of ${said.bytes} bytes came`)
    }
    if (got.sha256 !== said.sha256) throw new Error('it is not what was sent: its digest differs')
    return said.cursor
  } finally {
    silence.end()
  }
}

/** Aborts when nothing was heard for as long as was last allowed. */
function createSilence() {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  return {
    signal: controller.signal,
    allow(milliseconds = SILENT_MS): void {
      clearTimeout(timer)
      const abort = () => controller.abort(new Error(`nothing came for ${milliseconds / 1_000} s`))
      timer = setTimeout(abort, milliseconds)
    },
    end: () => clearTimeout(timer),
  }
}

const MOST_DETAIL = 300

async function refusalOf(response: Response): Promise<string> {
  const text = (await response.text()).slice(0, MOST_DETAIL)
  return `the answer was ${response.status}: ${text}`
}

interface Said {
  cursor: Cursor
  bytes: number
  sha256: string
}

function readHeaders(headers: Headers, folder: string): Said {
  const cursor = parseCursor(headers.get('x-flowfi-cursor') ?? '')
  if (cursor === undefined) throw new Error('the header X-Flowfi-Cursor is missing or malformed')
  const sha256 = /(?:^|,)\s*sha-256=:([\w+/]{43}=):/.exec(headers.get('repr-digest') ?? '')?.[1]
  if (sha256 === undefined) throw new Error('the header Repr-Digest has no sha-256')
  const bytes = Number(headers.get('content-length') ?? Number.NaN)
  if (!Number.isSafeInteger(bytes)) throw new Error('the header Content-Length is missing')
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize - SPARE_BYTES
  if (bytes > free) throw new Error(`its ${bytes} bytes do not fit on the disk: ${free} are free`)
  return { cursor, bytes, sha256 }
}

/** Writes what comes, up to `most` bytes, so that it is on the disk and not only in its cache. */
async function save(
  body: ReadableStream<Uint8Array>,
  { to, most, heard }: FetchOptions & { most: number; heard: () => void },
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256')
  let bytes = 0
  const file = await open(to, 'w')
  try {
    for await (const chunk of body) {
      heard()
      bytes += chunk.length
      if (bytes > most) throw new Error(`more than the ${most} bytes that were announced came`)
      hash.update(chunk)
      await file.writeFile(chunk)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return { bytes, sha256: hash.digest('base64') }
}
