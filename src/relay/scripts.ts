/** What Redis does in one step. It runs each script as a whole, so nothing happens in between. */

/**
 * Adds an entry to a stream, if the lease is still the caller's: a leader that slept cannot publish.
 * An id that is not after the last one is refused as `old`. Entries older than the retention go,
 * by marks: which entry was the newest when.
 *
 * KEYS: lease, stream, marks, head. ARGV: lease, id, entry, retention in seconds, cursor, tip
 */
export const PUBLISH = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'fenced' end
local added = redis.pcall('XADD', KEYS[2], ARGV[2], 'entry', ARGV[3])
if type(added) == 'table' and added.err then
  if string.find(added.err, 'equal or smaller') then return 'old' end
  return added
end
if ARGV[5] ~= '' then redis.call('HSET', KEYS[4], 'cursor', ARGV[5], 'tip', ARGV[6]) end
local now = tonumber(redis.call('TIME')[1])
local retention = tonumber(ARGV[4])
local last = redis.call('ZRANGE', KEYS[3], -1, -1, 'WITHSCORES')
if #last == 0 or now - tonumber(last[2]) >= retention / 48 then
  redis.call('ZADD', KEYS[3], now, ARGV[2])
  local old = redis.call('ZRANGE', KEYS[3], now - retention, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, 1)
  if old[1] then
    redis.call('XTRIM', KEYS[2], 'MINID', '=', old[1])
    redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - retention)
  end
end
return 'added'
`

/**
 * Renews the lease if it is the caller's. If nobody has it and the caller wants it, the caller gets
 * it, with a number that no lease had before. Answers the lease and how long it lasts.
 *
 * KEYS: lease, fence. ARGV: the caller's lease or '', milliseconds, '1' to take it, what follows
 * the number in a new lease
 */
export const LEASE = `
local held = redis.call('GET', KEYS[1])
if held and held == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
elseif not held and ARGV[3] == '1' then
  held = redis.call('INCR', KEYS[2]) .. ' ' .. ARGV[4]
  redis.call('SET', KEYS[1], held, 'PX', ARGV[2])
end
if not held then return {'', 0} end
return {held, redis.call('PTTL', KEYS[1])}
`

/** KEYS: lease. ARGV: the caller's lease */
export const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 'ok'
`

/**
 * Says that a node is alive, and forgets those that have said nothing for long.
 *
 * KEYS: nodes, seen. ARGV: the node's id, the node, seconds
 */
export const ANNOUNCE = `
local now = tonumber(redis.call('TIME')[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], now, ARGV[1])
for _, gone in ipairs(redis.call('ZRANGE', KEYS[2], '-inf', now - ARGV[3], 'BYSCORE')) do
  redis.call('HDEL', KEYS[1], gone)
  redis.call('ZREM', KEYS[2], gone)
end
return 'ok'
`
