import { expect, test } from 'vitest'
import { redact } from '../../src/config/redact.ts'

test.each([
  ['https://rpc.example', 'https://rpc.example/'],
  ['https://me:secret@rpc.example/x', 'https://***:***@rpc.example/x'],
  ['https://rpc.example/v2/0123456789abcdef/soroban', 'https://rpc.example/v2/***/soroban'],
  ['https://rpc.example/?key=secret&other=1', 'https://rpc.example/?***'],
  ['https://rpc.example/?secret', 'https://rpc.example/?***'],
])('%s is shown as %s', (url, shown) => {
  expect(redact(url)).toBe(shown)
})
