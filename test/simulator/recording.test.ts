import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { UsageError } from '../../src/domain/errors.ts'
import { readRecording } from '../../src/simulator/recording.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recording-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function write(name: string, text: string): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, text)
  return file
}

test.each([
  ['first-steps.jsonl', 22, 29],
  ['quirks.jsonl.gz', 179, undefined],
  ['month.jsonl.gz', 742, undefined],
])('%s is read completely, compressed or not', async (name, lines, events) => {
  const { header, ledgers } = await readRecording(`fixtures/${name}`)
  expect(name).toContain(header.name)
  expect(ledgers).toHaveLength(lines)
  const ids = ledgers.flatMap((ledger) => ledger.events ?? []).map(({ id }) => id)
  expect(ids).toHaveLength(events ?? ids.length)
  expect(ids).toEqual(ids.toSorted())
})

test('a bad line is refused with its file and number', async () => {
  const header = {
    recording: 1,
    name: 'x',
    about: '',
    network: { passphrase: 'p', protocolVersion: 22 },
    contractId: 'C',
    firstLedger: 7,
    firstClosedAt: '2026-01-01T00:00:00Z',
  }
  const file = await write('bad.jsonl', `${JSON.stringify(header)}\n{"sequence":"7"}\n`)
  await expect(readRecording(file)).rejects.toThrow(UsageError)
  await expect(readRecording(file)).rejects.toThrow(`${file}, line 2`)
})

test('missing, empty and wrongly compressed files are refused with their name', async () => {
  const missing = join(folder, 'missing.jsonl')
  await expect(readRecording(missing)).rejects.toThrow(`cannot read the recording ${missing}`)
  const empty = await write('empty.jsonl', '')
  await expect(readRecording(empty)).rejects.toThrow(`${empty} is empty`)
  const plain = await write('plain.jsonl.gz', 'not gzip')
  await expect(readRecording(plain)).rejects.toThrow(`cannot read the recording ${plain}`)
})
