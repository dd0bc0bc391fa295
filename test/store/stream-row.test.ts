import { getTableColumns } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { streams } from '../../src/store/schema.ts'
import { STREAM_COLUMNS } from '../../src/store/stream-row.ts'

test('rows of streams have the columns of the schema', () => {
  const columns = Object.entries(getTableColumns(streams)).map(([key, { name }]) => [key, name])
  expect(STREAM_COLUMNS).toEqual(Object.fromEntries(columns))
})
