/**
 * Builds what is published: JavaScript and declarations of the daemon (dist/) and of the client
 * (client/dist/), and the page (web/dist/). Node strips no types inside node_modules, so the packages
 * hold JavaScript; a checkout runs without this.
 *
 *   node tools/build.mjs              builds all, and checks the types of what it builds
 *   node tools/build.mjs client      one part: daemon, client or page
 *   node tools/build.mjs --prepare    what npm runs after an install: without a check of the types, and
 *                                     without an error where the tools to build are not installed
 *
 * JavaScript, because an old Node that installs the package may run it.
 */
import { spawn } from 'node:child_process'
import { chmod, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)

const IMPORT = /(\bfrom |\bimport\(|\bimport )(['"])(\.{1,2}\/[^'"]*)\.tsx?\2/g
const OWN_URL = /(new URL\()(['"])([^'"]*)\.tsx?\2(, import\.meta\.url\))/g
/** A text that is the path of a source file, in code. */
const SOURCE_NAME = /^(?!\s*(?:\*|\/[/*])).*['"`][\w./-]+\.tsx?['"`]/m

const PARTS = { daemon: buildDaemon, client: buildClient, page: buildPage }

const words = process.argv.slice(2)
const isPreparing = words.includes('--prepare')
const names = words.filter((word) => !word.startsWith('--'))
// npm prepares a package before it packs it, too. A package must not be packed without its content.
// oxlint-disable-next-line node/no-process-env -- npm says by it what it does
const isPacking = ['pack', 'publish'].includes(process.env.npm_command ?? '')

const missing = ['typescript/package.json', 'vite/package.json'].filter(
  (file) => !isInstalled(file),
)
if (isPreparing && !isPacking && missing.length > 0) {
  console.log(
    `Nothing was built: ${missing.map((file) => dirname(file)).join(' and ')} not installed.`,
  )
} else {
  const parts = names.length > 0 ? names : Object.keys(PARTS)
  const results = await Promise.allSettled(parts.map((part) => PARTS[part]()))
  for (const { reason } of results.filter(({ status }) => status === 'rejected')) {
    console.error(reason)
    // A checkout runs without what is built, so an install never fails for want of it.
    if (!isPreparing || isPacking) process.exitCode = 1
  }
}

function isInstalled(file) {
  try {
    return require.resolve(file) !== ''
  } catch {
    return false
  }
}

async function buildDaemon() {
  await compile('tsconfig.build.json', {
    to: join(ROOT, 'dist'),
    // Only these can be imported: the rest of the declarations are of use to nobody.
    declared: ['testing/sandbox.d.ts'],
  })
  await chmod(join(ROOT, 'dist/main.js'), 0o755)
}

async function buildClient() {
  await compile('client/tsconfig.build.json', {
    to: join(ROOT, 'client/dist'),
    declared: ['client/src/client.d.ts', 'client/src/react/react.d.ts'],
  })
}

async function buildPage() {
  if (!existsSync(join(ROOT, 'web/index.html'))) return
  const vite = join(dirname(require.resolve('vite/package.json')), 'bin/vite.js')
  await run([vite, 'build', '--logLevel', 'warn', join(ROOT, 'web')])
}

/** Compiles beside the place where it belongs, so that nobody ever sees a half of it. */
async function compile(project, { to, declared }) {
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc')
  const made = await mkdtemp(`${to}-`)
  try {
    const unchecked = isPreparing ? ['--noCheck'] : []
    await run([tsc, '--project', join(ROOT, project), '--outDir', made, ...unchecked])
    for (const path of await filesIn(made, /\.(js|d\.ts)$/)) {
      await writeFile(path, withBuiltNames(await readFile(path, 'utf8'), relative(made, path)))
    }
    await keepDeclarations(made, declared)
    await rm(to, { recursive: true, force: true })
    await rename(made, to)
    // A folder that mkdtemp made is closed to others.
    await chmod(to, 0o755)
  } finally {
    await rm(made, { recursive: true, force: true })
  }
}

/**
 * What the compiler leaves: imports in declarations, and the modules of threads, workers and
 * processes, which are found by their URL. Throws if another path of a source file remains.
 */
function withBuiltNames(text, file) {
  const built = text.replace(IMPORT, '$1$2$3.js$2').replace(OWN_URL, '$1$2$3.js$2$4')
  const left = SOURCE_NAME.exec(built)
  if (left !== null) throw new Error(`${file} names a source file: ${left[0].trim()}`)
  return built
}

/** Removes the declarations that nobody can get at from the `entries`. */
async function keepDeclarations(folder, entries) {
  const kept = new Set()
  const waiting = entries.map((entry) => join(folder, entry))
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (kept.has(path)) continue
    kept.add(path)
    const text = await readFile(path, 'utf8')
    for (const [, name] of text.matchAll(
      /(?:\bfrom |\bimport\(|\bimport )['"](\.[^'"]*)\.js['"]/g,
    )) {
      waiting.push(resolve(dirname(path), `${name}.d.ts`))
    }
  }
  for (const path of await filesIn(folder, /\.d\.ts$/)) if (!kept.has(path)) await rm(path)
}

async function filesIn(folder, ending) {
  const files = await readdir(folder, { recursive: true })
  return files.filter((name) => ending.test(name)).map((name) => join(folder, name))
}

async function run(args) {
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' })
  const code = await new Promise((settle, fail) => {
    child.once('error', fail)
    child.once('exit', settle)
  })
  if (code !== 0)
    throw new Error(`${relative(ROOT, args[0])} ${args.slice(1).join(' ')} failed (${code})`)
}
