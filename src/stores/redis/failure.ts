import { OAuthError, brandAsSafe, isOAuthError } from '../../errors.js'

const advice: Readonly<Record<string, string>> = {
  WRONGTYPE: 'the key holds a value that this store has not written: choose another key',
  NOAUTH: 'the server requires a password',
  NOPERM:
    'the user may not run this command on this key or channel: it needs EVALSHA, EVAL, HGET, HMGET, HSET, HDEL, PEXPIRE, PERSIST, PTTL, PUBLISH and TIME',
  READONLY: 'this is a replica: connect to the primary',
  QUEUED: 'the client is in a transaction (MULTI): give the store a client that nothing else puts into one',
  OOM: 'the server is out of memory',
  LOADING: 'the server is starting and loads its data',
  MISCONF: 'the server can not save to its disk',
  NOREPLICAS: 'the server has too few replicas to accept a write',
  CLUSTERDOWN: 'the cluster is down',
  ECONNREFUSED: 'the server refuses connections',
  ENOENT: 'the socket of the server is missing',
}

const NOT_CONNECTED = 'the client is not connected: call connect() first, and do not close the client while the store is in use'

/** The messages with which the clients refuse commands while they are not connected. They carry no code. */
const notConnected =
  /^(?:The client is (?:closed|offline)|Connection is closed|Stream isn't writeable|Disconnects client|Socket closed unexpectedly)/

/** Reduces a reply to its first word in capitals: some replies quote the arguments of the command, tokens included. */
function codeOf(cause: unknown): string | undefined {
  const { code, name, message } = cause as { code?: unknown; name?: unknown; message?: unknown }
  const text = String(message)
  // Inside a script, Redis 7 describes the missing right in words.
  if (/^ERR The user executing the script can't/.test(text)) return 'NOPERM'
  const known = Object.keys(advice).find((word) => new RegExp(`\\b${word}\\b`).test(text))
  if (known) return known
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code)) return code
  return /^[A-Z]{2,}(?= )/.exec(text)?.[0] ?? (typeof name === 'string' && name !== 'Error' ? name : undefined)
}

/** Makes the typed error of a failed command. The error's cause can't quote a token. */
export function redisFailure(name: string, verb: string, cause: unknown): OAuthError {
  if (isOAuthError(cause)) return cause
  const code = typeof cause === 'object' && cause !== null ? codeOf(cause) : undefined
  if (notConnected.test(String((cause as Error | null | undefined)?.message)))
    return new OAuthError('OAUTH_STORE_FAILED', `The token store (${name}) could not be ${verb} (${NOT_CONNECTED}).`, {
      cause: brandAsSafe(new Error('Redis: the client is not connected')),
    })
  const detail = code && advice[code] ? `${code}: ${advice[code]}` : (code ?? 'unknown reason')
  return new OAuthError('OAUTH_STORE_FAILED', `The token store (${name}) could not be ${verb} (${detail}).`, {
    cause: brandAsSafe(Object.assign(new Error(`Redis: ${code ?? 'unknown reason'}`), code && { code })),
  })
}

/** Replies of a server that is starting or failing over. */
const temporary = new Set(['LOADING', 'CLUSTERDOWN', 'MASTERDOWN', 'TRYAGAIN', 'BUSY'])

/** Returns whether a failure is temporary: the connection has ended, or the server is not ready. */
export function isOutage(cause: unknown): boolean {
  const reply = /^([A-Z]{2,}) /.exec(String((cause as Error | undefined)?.message))
  return !reply || temporary.has(reply[1] as string)
}
