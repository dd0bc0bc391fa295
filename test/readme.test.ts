import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { listVariables } from '../src/config/config.ts'
import { createEventSpecs } from '../src/decode/contract-events.ts'
import type { FieldType } from '../src/decode/contract-events.ts'
import { EVENT_TYPES } from '../src/domain/event.ts'
import type { ContractEvent, UnrecognisedEvent } from '../src/domain/event.ts'
import { eventJson } from '../src/domain/event-json.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

/** Names and types from the tables in a part of the README: `| name | type | …`. */
function rows(text: string): [name: string, type: string][] {
  return [...text.matchAll(/^\| `(\w+)` \| ([^|]+?) \|/gm)].map(([, name = '', type = '']) => [
    name,
    type,
  ])
}

describe('events', () => {
  const head = {
    id: '0006442502483619840-0000000003',
    contractId: 'C',
    ledger: 1,
    timestamp: 1,
    transactionHash: 'ab',
  }
  const values: Record<FieldType, unknown> = { address: 'G', i128: 5n, u64: 5n, u32: 5 }
  const parties = { sender: 'G', recipient: 'G' }
  const [, section = ''] = /^## Events\n([^]*?)^## /m.exec(readme) ?? []
  const [common = '', ...parts] = section.split(/^### /m)
  const byType = new Map(parts.map((part) => [/^`(.*)`/.exec(part)?.[1], rows(part)]))

  const events: ContractEvent[] = createEventSpecs()
    .values()
    .map(({ type, ofStream, fields }) => {
      const sample = fields.values().map((field) => [field.name, values[field.type]])
      const streamId = ofStream ? { streamId: 7n } : {}
      return { ...head, type, ...streamId, fields: Object.fromEntries(sample) } as never
    })
    .toArray()
  const unrecognised: UnrecognisedEvent = {
    ...head,
    type: 'unrecognised',
    reason: 'x',
    topics: ['x'],
    value: 'x',
  }

  test('every event type has a section in the README, in order', () => {
    expect([...byType.keys()]).toEqual(EVENT_TYPES)
  })

  test('the README lists the fields that all events have', () => {
    const { type, ...created } = JSON.parse(eventJson(events[0]!, parties)) as { type: string }
    const names = Object.keys({ id: 1, type, ...created })
    const shared = names.filter((name) => !byType.get(type)!.some(([own]) => own === name))
    expect(rows(common).map(([name]) => name)).toEqual(shared)
  })

  test.each([...events, unrecognised].map((event) => [event.type, event] as const))(
    'the README lists the fields of %s with their types',
    (type, event) => {
      const json = JSON.parse(eventJson(event, parties)) as Record<string, unknown>
      const shared = new Set(rows(common).map(([name]) => name))
      const own = Object.entries(json).filter(([name]) => !shared.has(name))
      const typed = own.map(([name, value]) => [
        name,
        Array.isArray(value) ? 'array' : typeof value,
      ])
      expect(byType.get(type)).toEqual(typed)
    },
  )
})

test('the README lists every variable with its default', () => {
  const [, section = ''] = /^## Configuration\n([^]*?)^## /m.exec(readme) ?? []
  const documented = new Map(rows(section))
  const variables = listVariables()
  expect([...documented.keys()].toSorted()).toEqual(variables.map(({ name }) => name).toSorted())
  for (const { name, fallback } of variables) {
    if (fallback !== undefined && fallback !== '') expect(documented.get(name)).toContain(fallback)
  }
})

test('.env.example shows every variable with its default', () => {
  const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8')
  for (const { name, fallback } of listVariables()) {
    const [, value] = new RegExp(`^(?:# )?${name}=(.*)$`, 'm').exec(example) ?? []
    expect([name, value]).toEqual([name, fallback ?? expect.any(String)])
  }
})
