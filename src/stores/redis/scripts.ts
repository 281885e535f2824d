import { createHash } from 'node:crypto'
import type { SendCommand } from './client.js'

// Everything of one store lies in one hash, so that each script is atomic, in a cluster as well:
//   tokens        the record, as text; missing when nobody is signed in
//   savedBy       the fencing token of the last holder of the lock that has saved
//   owner, until  who holds the lock, and when the lease ends by the server's clock (milliseconds)
//   fence         the newest fencing token: never smaller than the clock, so that it grows even when the server has forgotten everything

/** How long an empty record is remembered, in milliseconds: longer than anybody waits for the lock. */
const FORGET_AFTER = 600_000

const now = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`

interface Script {
  readonly text: string
  readonly sha: string
}

function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

/** ARGV: owner, lease. Returns the fencing token, or nothing when somebody else holds the lock. */
const acquire = script(`${now}
local held = redis.call('HMGET', KEYS[1], 'owner', 'until', 'fence', 'tokens')
if held[1] and held[1] ~= ARGV[1] and tonumber(held[2]) > now then return false end
local fence = string.format('%.0f', math.max((tonumber(held[3]) or 0) + 1, now))
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'until', string.format('%.0f', now + ARGV[2]), 'fence', fence)
if not held[4] then redis.call('PEXPIRE', KEYS[1], ARGV[2] + ${FORGET_AFTER}) end
return fence`)

/** ARGV: owner, lease. Returns 1 when the lock is still ours, for another lease from now. */
const renew = script(`${now}
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + ARGV[2]))
return 1`)

/** ARGV: owner, channel, message. */
const release = script(`if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'owner', 'until')
redis.call('PUBLISH', ARGV[2], ARGV[3])
return 1`)

/**
 * ARGV: the text that is to be there ('' for none, '*' for any), the new text ('' for none), our fencing token ('' without the lock), the lifetime in
 * milliseconds ('' for ever), channel, message. Returns 1 when it is stored. What was stored already (a command that the client has sent twice) is stored.
 */
const write = script(`local held = redis.call('HMGET', KEYS[1], 'tokens', 'savedBy')
local present = held[1] or ''
if ARGV[1] ~= '*' and present ~= ARGV[1] then
  if present == ARGV[2] and present ~= '' then return 1 end
  return 0
end
if ARGV[1] ~= '*' and ARGV[3] ~= '' and (tonumber(held[2]) or 0) > tonumber(ARGV[3]) then return 0 end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'savedBy', ARGV[3]) end
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[1], 'tokens')
  redis.call('PEXPIRE', KEYS[1], ${FORGET_AFTER})
else
  redis.call('HSET', KEYS[1], 'tokens', ARGV[2])
  if ARGV[4] == '' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
end
redis.call('PUBLISH', ARGV[5], ARGV[6])
return 1`)

/** The scripts of this store. */
export const scripts = { acquire, renew, release, write }

/** Runs a script by its digest; a server that doesn't know it (any longer) gets its text. */
export async function runScript(send: SendCommand, { sha, text }: Script, key: string, args: string[]): Promise<unknown> {
  try {
    return await send('EVALSHA', sha, '1', key, ...args)
  } catch (error) {
    if (!String((error as Error | undefined)?.message).includes('NOSCRIPT')) throw error
    return send('EVAL', text, '1', key, ...args)
  }
}
