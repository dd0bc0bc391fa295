import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import { UsageError } from '../domain/errors.ts'

/** Format and origin: fixtures/README.md. */
const Header = z.object({
  recording: z.literal(1),
  name: z.string(),
  about: z.string(),
  network: z.object({ passphrase: z.string(), protocolVersion: z.number().int() }),
  contractId: z.string(),
  firstLedger: z.number().int().positive(),
  firstClosedAt: z.iso.datetime(),
})

/** An event as getEvents answers it, `xdrFormat: base64`. */
const WireEvent = z.looseObject({
  type: z.string(),
  ledger: z.number().int(),
  ledgerClosedAt: z.string(),
  contractId: z.string(),
  id: z.string(),
  /** Since v23. */
  operationIndex: z.number().int().optional(),
  transactionIndex: z.number().int().optional(),
  txHash: z.string(),
  /** Gone from the newest servers. */
  inSuccessfulContractCall: z.boolean().optional(),
  topic: z.array(z.string()).optional(),
  value: z.string(),
})

/** A ledger entry as getLedgerEntries answers it. */
const WireEntry = z.object({
  key: z.string(),
  xdr: z.string(),
  lastModifiedLedgerSeq: z.number().int(),
  liveUntilLedgerSeq: z.number().int().optional(),
})

const Line = z.object({
  sequence: z.number().int(),
  hash: z.string(),
  closedAt: z.iso.datetime(),
  events: z.array(WireEvent).optional(),
  entries: z.array(WireEntry).optional(),
  streams: z.array(z.record(z.string(), z.unknown())).optional(),
  claimable: z.array(z.tuple([z.string(), z.string()])).optional(),
})

export type RecordingHeader = z.infer<typeof Header>
export type WireEvent = z.infer<typeof WireEvent>
export type WireEntry = z.infer<typeof WireEntry>
/** A ledger of the recording; `streams` and `claimable` are the contract's own answers, for tests. */
export type RecordedLedger = z.infer<typeof Line>

/** A recording in memory; ledgers without a line were empty. */
export interface Recording {
  header: RecordingHeader
  ledgers: readonly RecordedLedger[]
}

/** Reads a recording, gzip by its name's ending. Throws UsageError naming file and line. */
export async function readRecording(path: string): Promise<Recording> {
  let header: RecordingHeader | undefined
  const ledgers: RecordedLedger[] = []
  let number = 0
  for await (const text of lines(path)) {
    number += 1
    if (text === '') continue
    try {
      if (header === undefined) header = Header.parse(JSON.parse(text))
      else ledgers.push(Line.parse(JSON.parse(text)))
    } catch (cause) {
      throw new UsageError(
        `${path}, line ${number} is not of the recording format (see fixtures/README.md)`,
        { cause },
      )
    }
  }
  if (header === undefined)
    throw new UsageError(`${path} is empty; a recording starts with a header`)
  return { header, ledgers }
}

/** The hash of a ledger whose real hash is not known. It is always the same. */
export function madeUpHash(recordingName: string, sequence: number): string {
  return createHash('sha256').update(`${recordingName}:${sequence}`).digest('hex')
}

async function* lines(path: string): AsyncGenerator<string> {
  const file = createReadStream(path)
  const input = path.endsWith('.gz') ? file.pipe(createGunzip()) : file
  // pipe() does not carry errors over.
  file.once('error', (error) => input.destroy(error))
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  } catch (cause) {
    throw new UsageError(`cannot read the recording ${path}: ${String(cause)}`, { cause })
  }
}
