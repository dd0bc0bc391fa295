import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import openapiTS, { astToString } from 'openapi-typescript'
import { pino } from 'pino'
import { parseConfig } from '../src/config/config.ts'
import { startDaemon } from '../src/daemon/daemon.ts'
import { indexHere } from '../src/daemon/index-here.ts'
import { readRecording } from '../src/simulator/recording.ts'
import { createSimulator } from '../src/simulator/simulator.ts'

/**
 * Writes the types of the REST API (`src/api/openapi.ts`), from the document that a daemon of this
 * checkout serves: `npm run client:types`.
 */

export const GENERATED = fileURLToPath(new URL('src/api/openapi.ts', import.meta.url))

const HEADER =
  '// Generated from /openapi.json by `npm run client:types`. Do not change it by hand.\n\n'

/** The file's text, for a document as JSON. */
export async function typesOf(document: string): Promise<string> {
  return HEADER + astToString(await openapiTS(document, { silent: true }))
}

async function readDocument(): Promise<string> {
  const file = fileURLToPath(new URL('../fixtures/first-steps.jsonl', import.meta.url))
  const recording = await readRecording(file)
  const folder = await mkdtemp(join(tmpdir(), 'flowfi-types-'))
  const simulator = await createSimulator({ recording, speed: Infinity })
  try {
    const config = parseConfig({
      CONTRACT_ID: recording.header.contractId,
      NETWORK: recording.header.network.passphrase,
      RPC_URL: simulator.url,
      DATABASE_PATH: join(folder, 'types.db'),
      PORT: '0',
    })
    const logger = pino({ level: 'silent' })
    const openIndexing = indexHere(config, logger)
    const daemon = await startDaemon(config, { openIndexing, logger, version: '0.0.0' })
    try {
      return await (await fetch(`${daemon.url}/openapi.json`)).text()
    } finally {
      await daemon.close()
    }
  } finally {
    await simulator.close()
    await rm(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) await writeFile(GENERATED, await typesOf(await readDocument()))
