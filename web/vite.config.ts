import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { defineConfig } from 'vite'
import type { Plugin } from 'vite'

const DIST = join(import.meta.dirname, 'dist')
const COMPRESSIBLE = /\.(html|js|css|svg)$/

/** The daemon sends these instead of compressing the same files for each visitor. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    closeBundle() {
      for (const file of readdirSync(DIST, { recursive: true, encoding: 'utf8' })) {
        if (!COMPRESSIBLE.test(file)) continue
        const bytes = readFileSync(join(DIST, file))
        writeFileSync(join(DIST, `${file}.br`), brotliCompressSync(bytes))
        writeFileSync(join(DIST, `${file}.gz`), gzipSync(bytes, { level: 9 }))
      }
    },
  }
}

export default defineConfig({
  root: import.meta.dirname,
  // A proxy may serve the daemon under a prefix.
  base: './',
  // In this repository flowfi-client means its source.
  resolve: { tsconfigPaths: true },
  // No other host, and no inline code: the policy of the page forbids both.
  build: {
    outDir: DIST,
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    reportCompressedSize: false,
  },
  worker: { format: 'es' },
  plugins: [precompress()],
})
