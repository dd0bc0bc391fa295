import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const PROJECT = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(PROJECT, path), 'utf8')
const documents = globSync(['*.md', '{bench,docs,fixtures,test}/*.md'], { cwd: PROJECT })

test.each(documents)('%s links only to files and headings that exist', (path) => {
  const links = [...read(path).matchAll(/\]\(([^)#:]*)(?:#([^)]*))?\)/g)]
  for (const [link, file = '', heading] of links) {
    const target = file === '' ? path : join(dirname(path), file)
    expect([link, existsSync(join(PROJECT, target))]).toEqual([link, true])
    if (heading !== undefined) expect(anchorsOf(target)).toContain(heading)
  }
})

/** What a link to a heading of the document ends in, as GitHub makes it from the heading's text. */
function anchorsOf(path: string): string[] {
  const headings = [...read(path).matchAll(/^#+ (.*)$/gm)]
  return headings.map(([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  )
}

test('every promise is explained, and the files that test/README.md lists for it have tests that name it', () => {
  const explained = [...read('docs/promises.md').matchAll(/^## (P\d): /gm)].map(([, name]) => name)
  expect(explained).toEqual(['P1', 'P2', 'P3', 'P4', 'P5', 'P6', 'P7', 'P8', 'P9'])
  const rows = [...read('test/README.md').matchAll(/^\| (P\d) [^|]*\| (.*) \|$/gm)]
  expect(rows.map(([, name]) => name)).toEqual(explained)
  for (const [, name, cell = ''] of rows) {
    const files = [...cell.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file)
    expect(files.length).toBeGreaterThan(0)
    for (const file of files) {
      const isNamed = new RegExp(`['"\`](P\\d, )*${name}(, P\\d)*: `).test(read(`test/${file}`))
      expect([file, name, isNamed]).toEqual([file, name, true])
    }
  }
})

test('CONTRIBUTING.md names every folder of src, and only files that exist', () => {
  for (const [, path = ''] of read('CONTRIBUTING.md').matchAll(/`([\w/-]+\/[\w-]+\.ts)`/g)) {
    expect([path, existsSync(join(PROJECT, 'src', path))]).toEqual([path, true])
  }
  const folders = globSync('src/*/', { cwd: PROJECT }).map((path) => path.split('/')[1]!)
  expect(folders.length).toBeGreaterThan(10)
  expect(rooms.map(([folder]) => folder).toSorted()).toEqual(folders.toSorted())
})

/** Folders of src and their main files, from the table in CONTRIBUTING.md. */
const rooms = [...read('CONTRIBUTING.md').matchAll(/^\| `([a-z\d]+)` \|.*\| `(.*\.ts)` \|$/gm)].map(
  ([, folder = '', main = '']) => [folder, main] as const,
)

test.each(rooms)('the header of the main file of src/%s maps its files', (folder, main) => {
  const [header = ''] = /\/\*\*[^]*?\*\//.exec(read(`src/${main}`)) ?? []
  const files = globSync(`src/${folder}/*`, { cwd: PROJECT }).map((path) => basename(path, '.ts'))
  const missing = files.filter(
    (file) =>
      file !== basename(main, '.ts') && !new RegExp(`(?<![\\w-])${file}(?![\\w-])`).test(header),
  )
  expect(missing).toEqual([])
})
