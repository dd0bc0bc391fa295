import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import { UsageError } from '../domain/errors.ts'

/** The format is described in fixtures/README.md. */
const Header = z.object({
  recording: z.literal(1),
  name: z.string(),
  about: z.string(),
  network: z.object({ passphrase: z.string(), protocolVersion: z.number().int() }),
  contractId: z.string(),
  firstLedger: z.number().int().positive(),
  firstClosedAt: z.iso.datetime(),
})

/** An event of getEvents, with `xdrFormat: base64`. */
const WireEvent = z.looseObject({
  type: z.string(),
  ledger: z.number().int(),
  ledgerClosedAt: z.string(),
  contractId: z.string(),
  id: z.string(),
  /** Only from v23 on. */
  operationIndex: z.number().int().optional(),
  transactionIndex: z.number().int().optional(),
  txHash: z.string(),
  /** Not in the newest servers. */
  inSuccessfulContractCall: z.boolean().optional(),
  topic: z.array(z.string()).optional(),
  value: z.string(),
})

/** A ledger entry of getLedgerEntries. */
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
/** A ledger. `streams` and `claimable` are the contract's own answers, which tests compare with. */
export type RecordedLedger = z.infer<typeof Line>

/** A recording in memory. Ledgers without a line were empty. */
export interface Recording {
  header: RecordingHeader
  ledgers: readonly RecordedLedger[]
}

/** Reads a file, with gzip if its name ends in `.gz`. Throws a UsageError with file and line. */
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
        `${path}, line ${number} does not have the format of a recording (see fixtures/README.md)`,
        { cause },
      )
    }
  }
  if (header === undefined)
    throw new UsageError(`${path} is empty: a recording starts with a header`)
  return { header, ledgers }
}

/** A recording that somebody else has put together. Throws a UsageError. */
export function parseRecording(recording: unknown): Recording {
  const parsed = z.object({ header: Header, ledgers: z.array(Line) }).safeParse(recording)
  if (parsed.success) return parsed.data
  const problems = z.prettifyError(parsed.error)
  throw new UsageError(
    `the recording does not have the format of one (see fixtures/README.md):\n${problems}`,
    { cause: parsed.error },
  )
}

/** The hash of a ledger whose real hash is not known. It is always the same. */
export function madeUpHash(recordingName: string, sequence: number): string {
  return createHash('sha256').update(`${recordingName}:${sequence}`).digest('hex')
}

async function* lines(path: string): AsyncGenerator<string> {
  const file = createReadStream(path)
  const input = path.endsWith('.gz') ? file.pipe(createGunzip()) : file
  // pipe() does not forward errors.
  file.once('error', (error) => input.destroy(error))
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  } catch (cause) {
    throw new UsageError(`cannot read the recording ${path}: ${String(cause)}`, { cause })
  }
}
