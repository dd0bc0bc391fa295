import { fileURLToPath } from 'node:url'
import { parseRecording, readRecording } from '../simulator/recording.ts'
import type { Recording } from '../simulator/recording.ts'

/** The recordings that come with the package; fixtures/README.md says what is in them. */
export type BundledRecording = 'first-steps' | 'quirks' | 'lively' | 'month' | 'busy'

const BUNDLED: Readonly<Record<BundledRecording, URL>> = {
  'first-steps': new URL('../../fixtures/first-steps.jsonl', import.meta.url),
  quirks: new URL('../../fixtures/quirks.jsonl.gz', import.meta.url),
  lively: new URL('../../fixtures/lively.jsonl.gz', import.meta.url),
  month: new URL('../../fixtures/month.jsonl.gz', import.meta.url),
  busy: new URL('../../fixtures/busy.jsonl.gz', import.meta.url),
}

/** The recording with this name, in this file or in memory. Throws UsageError if there is none. */
export async function findRecording(recording: string | Recording): Promise<Recording> {
  if (typeof recording !== 'string') return parseRecording(recording)
  const bundled = new Map<string, URL>(Object.entries(BUNDLED)).get(recording)
  return readRecording(bundled === undefined ? recording : fileURLToPath(bundled))
}
