import { createHash } from 'node:crypto'
import type { SendCommand } from './client.js'

// A store keeps all of its data in one hash, so that each script is atomic, in a cluster too:
//   tokens        the record, as text; absent when no user is signed in
//   savedBy       the fencing number of the last lock holder that has saved
//   owner, until  the holder of the lock, and the end of its lease by the server's clock (milliseconds)
//   lease         the length of that lease (milliseconds)
//   fence         the newest fencing number: never below the clock, so that it increases even after the server has lost its data

/** How long a hash without tokens is kept for its lock, in milliseconds. Longer than any wait for the lock. */
const KEEP_EMPTY = 600_000

const now = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`

interface Script {
  readonly text: string
  readonly sha: string
}

function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

/** A hash that expires during the lease would take the lock with it. A server that does not permit PTTL leaves it to expire. */
const outliveLease = `local left = redis.pcall('PTTL', KEYS[1])
if type(left) == 'number' and left >= 0 and left < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end`

/**
 * ARGV: owner, lease, the lifetime of a record in milliseconds ('' for no limit). Returns the fencing number, or nothing when another process holds the lock.
 *
 * A lease that ends later than its length from now was granted by a clock that was ahead (since corrected, or of a server that
 * has failed over). Such a lease counts from now, so that no wait is longer than the length of the lease.
 */
const acquire = script(`${now}
local lock = redis.call('HMGET', KEYS[1], 'owner', 'until', 'fence', 'tokens', 'lease')
local ends = tonumber(lock[2]) or 0
if lock[1] and lock[1] ~= ARGV[1] and ends > now then
  local latest = now + math.max(tonumber(lock[5]) or 0, tonumber(ARGV[2]))
  if ends > latest then redis.call('HSET', KEYS[1], 'until', string.format('%.0f', latest)) end
  return false
end
local fence = string.format('%.0f', math.max((tonumber(lock[3]) or 0) + 1, now))
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'until', string.format('%.0f', now + ARGV[2]), 'lease', ARGV[2], 'fence', fence)
if not lock[4] then redis.call('PEXPIRE', KEYS[1], ARGV[2] + ${KEEP_EMPTY})
-- Another tool may have written the tokens to a hash that was empty, and was to expire.
elseif ARGV[3] == '' then redis.call('PERSIST', KEYS[1]) end
${outliveLease}
return fence`)

/** ARGV: owner, lease. Returns 1 when this owner still has the lock, for another lease from now. */
const renew = script(`${now}
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + ARGV[2]))
${outliveLease}
return 1`)

/** ARGV: owner, channel, message. */
const release = script(`if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'owner', 'until', 'lease')
redis.call('PUBLISH', ARGV[2], ARGV[3])
return 1`)

/**
 * ARGV: the expected text ('' for none, '*' for any), the new text ('' for none), the fencing number ('' without the lock), the
 * lifetime in milliseconds ('' for no limit), channel, message. Returns 1 when the text is stored, also if the client has sent
 * this command twice and the first copy stored it.
 */
const write = script(`local record = redis.call('HMGET', KEYS[1], 'tokens', 'savedBy')
local present = record[1] or ''
if ARGV[1] ~= '*' and present ~= ARGV[1] then
  if present == ARGV[2] and present ~= '' then return 1 end
  return 0
end
if ARGV[1] ~= '*' and ARGV[3] ~= '' and (tonumber(record[2]) or 0) > tonumber(ARGV[3]) then return 0 end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'savedBy', ARGV[3]) end
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[1], 'tokens')
  if redis.call('HGET', KEYS[1], 'owner') then redis.call('PEXPIRE', KEYS[1], ${KEEP_EMPTY})
  -- Removes the hash: another tool that writes the tokens begins with a hash that does not expire.
  else redis.call('HDEL', KEYS[1], 'savedBy', 'fence', 'until', 'lease') end
else
  redis.call('HSET', KEYS[1], 'tokens', ARGV[2])
  if ARGV[4] == '' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
end
redis.call('PUBLISH', ARGV[5], ARGV[6])
return 1`)

/** Writes and removes one field, which fails whenever a save would: on a replica, without memory, without a working disk. */
const probe = script(`redis.call('HSET', KEYS[1], 'probe', ARGV[1])
redis.call('HDEL', KEYS[1], 'probe')
return 1`)

/** The scripts of this store. */
export const scripts = { acquire, renew, release, write, probe }

/** Runs a script by its digest. A server that doesn't know the digest gets the text. */
export async function runScript(send: SendCommand, { sha, text }: Script, key: string, args: string[]): Promise<unknown> {
  try {
    return await send('EVALSHA', sha, '1', key, ...args)
  } catch (error) {
    if (!String((error as Error | undefined)?.message).includes('NOSCRIPT')) throw error
    return send('EVAL', text, '1', key, ...args)
  }
}
