import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/** Builds the page from its source, as `npm run build:page` does. */
export async function setup(): Promise<void> {
  const configFile = fileURLToPath(new URL('../../web/vite.config.ts', import.meta.url))
  await build({ configFile, logLevel: 'warn' })
}
