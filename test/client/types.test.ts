import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { GENERATED, typesOf } from '../../client/generate.ts'
import { describe } from '../support/described/every-answer.ts'

test('the types of createApi are those of the OpenAPI document', async () => {
  const { document } = await describe()
  const generated = await readFile(GENERATED, 'utf8')
  expect(await typesOf(JSON.stringify(document)), 'npm run client:types').toBe(generated)
})
