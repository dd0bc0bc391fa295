import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { instant } from '../domain/times.ts'
import { ANNOUNCEMENT_LEVELS } from '../feed/operation.ts'
import type { ClientEnv } from '../http/client.ts'
import { parseJson } from '../http/json.ts'
import { explain, queryRecord, searchOf, UserName } from '../http/parameters.ts'
import { countOf, operateAll } from '../http/peers.ts'
import type { OperateDeps } from '../http/peers.ts'
import { badRequest, isRefused, respond } from '../http/problem.ts'
import type { Refused } from '../http/problem.ts'
import { createRouter, json, refusals } from '../http/router.ts'
import { JSON_TYPE, readBody } from '../http/subscribe/body.ts'

/** An operator's message to subscriptions. */

const PATH = '/admin/announcements'
const MOST_CHARACTERS = 2_000
const MOST_USERS = 500

const Announcement = z
  .strictObject({
    message: z
      .string()
      .refine((text) => text.trim() !== '' && Array.from(text).length <= MOST_CHARACTERS, {
        error: `a message is text of at most ${MOST_CHARACTERS} characters`,
      })
      .openapi({ type: 'string', minLength: 1, maxLength: MOST_CHARACTERS }),
    level: z.enum(ANNOUNCEMENT_LEVELS, {
      error: `a level is one of ${ANNOUNCEMENT_LEVELS.join(', ')}`,
    }),
    users: z
      .array(UserName)
      .min(1, { error: 'name at least one user, or leave it out to reach all' })
      .max(MOST_USERS, { error: `at most ${MOST_USERS} users at once` })
      .optional()
      .openapi({ description: 'default: all subscriptions' }),
  })
  .openapi('AnnouncementRequest')

const NoQuery = z.strictObject({})

export function announcementRoutes(deps: OperateDeps) {
  const router = createRouter()
  // The handler validates, because a body that is not JSON is a refusal like any other.
  router.openAPIRegistry.registerPath({
    method: 'post',
    path: PATH,
    summary: 'Send a message to all subscriptions, or to those of some users',
    request: {
      query: NoQuery,
      body: { required: true, content: { [JSON_TYPE]: { schema: Announcement } } },
    },
    responses: {
      200: {
        description: 'ok',
        content: {
          [JSON_TYPE]: {
            schema: z.object({
              data: z.object({
                delivered: z.number().int().openapi({ description: 'subscriptions' }),
              }),
            }),
          },
        },
      },
      ...refusals({ 413: 'the body is too large', 415: 'the body is not JSON' }),
    },
  })
  router.post(PATH, async (c) => {
    const asked = await read(c)
    if (isRefused(asked)) return respond(asked)
    const { message, level, users } = asked
    const at = instant(Math.floor(Date.now() / 1_000))
    const announcement = { message, level, at }
    const outcomes = await operateAll(deps, { kind: 'announce', announcement, users })
    const delivered = countOf(outcomes)
    // Not a refusal if a process is missing: sent again, most would get the message twice.
    c.set('done', { delivered, level, message, processesMissing: outcomes.missing })
    return json({ data: { delivered } })
  })
  return router
}

async function read({
  req,
  env,
}: Context<ClientEnv>): Promise<z.infer<typeof Announcement> | Refused> {
  const query = NoQuery.safeParse(queryRecord(searchOf(req.url)))
  if (!query.success) return badRequest(explain(query.error))
  if (env.wire === undefined) return badRequest([NOT_JSON])
  const body = await readBody(env.wire.incoming, { types: [JSON_TYPE] })
  if (isRefused(body)) return body
  const value = parseJson(body.text)
  if (typeof value !== 'object' || Array.isArray(value)) return badRequest([NOT_JSON])
  const parsed = Announcement.safeParse(value)
  return parsed.success ? parsed.data : badRequest(explain(parsed.error))
}

const NOT_JSON = {
  parameter: 'body',
  detail: 'must be a JSON object, such as {"message":"…","level":"info"}',
}
