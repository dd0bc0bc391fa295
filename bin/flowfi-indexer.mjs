#!/usr/bin/env node
// The command: the sources in a checkout, which needs no build, and what was built of them elsewhere.
import { existsSync } from 'node:fs'

const NEEDED = 24
if (Number.parseInt(process.versions.node, 10) < NEEDED) {
  process.stderr.write(
    `flowfi-indexer: this is Node ${process.versions.node}, and Node ${NEEDED} or later is needed. ` +
      `Install it, or put it into this project: npm install node@${NEEDED}\n`,
  )
  process.exit(2)
}
const source = new URL('../src/main.ts', import.meta.url)
const built = new URL('../dist/main.js', import.meta.url)
await import((existsSync(source) ? source : built).href)
