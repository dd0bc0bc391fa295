import { existsSync } from 'node:fs'
import { createDecoder } from '../decode/decode.ts'
import { UsageError } from '../domain/errors.ts'
import { openStore } from '../store/store.ts'
import type { Invocation } from './invocation.ts'
import { say, table } from './terminal.ts'

/** Folds every stream again from the log, decodes every event again, and says what changed. */
export function rebuild({ config, terminal }: Invocation): void {
  const { databasePath } = config
  if (!existsSync(databasePath)) {
    throw new UsageError(
      `there is no database at ${databasePath}: set DATABASE_PATH to the file of an indexer`,
    )
  }
  const store = openStore({ path: databasePath, decode: createDecoder() })
  try {
    const total = store.log
      .counts()
      .values()
      .reduce((sum, count) => sum + count, 0)
    const done = store.writer.rebuild((events) => {
      if (terminal.interactive) terminal.err.write(`\r${events} of ${total} events decoded again`)
    })
    if (terminal.interactive) terminal.err.write('\n')
    say(
      terminal,
      table([
        ['events decoded again', String(done.events)],
        ['events that changed', String(done.rewritten)],
        ['recognised now, not before', String(done.recognised)],
        ['still unrecognised', String(done.unrecognised)],
        ['streams', String(done.streams)],
        ['streams that changed', String(done.streamsChanged)],
      ]),
    )
  } finally {
    store.close()
  }
}
