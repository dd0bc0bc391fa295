import { existsSync } from 'node:fs'
import type { Config } from '../config/config.ts'
import { createDecoder } from '../decode/decode.ts'
import { UsageError } from '../domain/errors.ts'
import { rebuild as rebuildStore } from '../store/write/rebuild.ts'
import { openStore } from '../store/store.ts'
import { say, table } from './terminal.ts'
import type { Terminal } from './terminal.ts'

/** Folds every stream anew from the log and reads every event again; says what changed. */
export function rebuild({ databasePath }: Config, terminal: Terminal): void {
  if (!existsSync(databasePath)) {
    throw new UsageError(
      `there is no database at ${databasePath}: set DATABASE_PATH to the file of an indexer`,
    )
  }
  const decode = createDecoder()
  const store = openStore(databasePath, decode)
  try {
    const total = store.log
      .counts()
      .values()
      .reduce((sum, count) => sum + count, 0)
    const done = rebuildStore(store.sqlite, decode, (events) => {
      if (terminal.interactive) terminal.err.write(`\r${events} of ${total} events read again`)
    })
    if (terminal.interactive) terminal.err.write('\n')
    say(
      terminal,
      table([
        ['events read again', String(done.events)],
        ['events whose reading changed', String(done.rewritten)],
        ['unrecognised before, recognised now', String(done.recognised)],
        ['still unrecognised', String(done.unrecognised)],
        ['streams', String(done.streams)],
        ['streams that changed', String(done.streamsChanged)],
      ]),
    )
  } finally {
    store.close()
  }
}
