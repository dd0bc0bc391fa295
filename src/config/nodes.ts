import { z } from 'zod'

/** Several machines with one log: the variables about Redis and the other nodes. */

const MOST_NAME_LETTERS = 100

function webUrl(legal: string) {
  return z
    .string()
    .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
      error: legal,
    })
}

export const NODE_SETTINGS = {
  redisUrl: z
    .string()
    .refine((text) => URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol), {
      error: 'redis://[user:password@]host[:port][/database], or rediss: for TLS',
    })
    .optional()
    .describe('Redis or Valkey that carries the log between machines; unset: one machine'),
  nodeName: z
    .string()
    .refine((text) => /^[\x21-\x7e]+$/.test(text) && text.length <= MOST_NAME_LETTERS, {
      error: `at most ${MOST_NAME_LETTERS} ASCII characters without spaces`,
    })
    .optional()
    .describe('name of this node; default: host name and port'),
  leaseSeconds: z
    .string()
    .refine((text) => /^[1-9]\d?$/.test(text) && Number(text) <= 60, {
      error: 'a whole number from 1 to 60',
    })
    .transform(Number)
    .prefault('10')
    .describe('how long the right to ask the RPCs lasts unless it is renewed'),
  redisRetentionHours: z
    .string()
    .refine((text) => /^[1-9]\d{0,3}$/.test(text) && Number(text) <= 8_760, {
      error: 'a whole number from 1 to 8760',
    })
    .transform(Number)
    .prefault('48')
    .describe('how long Redis keeps what was published'),
  nodeUrl: webUrl('the URL (http: or https:) at which other nodes reach this one')
    .optional()
    .describe('where other nodes reach this one; announced to them'),
  snapshotUrl: webUrl("the URL (http: or https:) of a peer's /admin/snapshot")
    .optional()
    .describe("a peer's /admin/snapshot, for a node without a log; default: any announced node"),
}
